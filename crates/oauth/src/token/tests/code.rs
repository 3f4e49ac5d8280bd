use super::*;

#[tokio::test]
async fn t01_a_code_that_comes_twice_takes_everything_back() {
    let world = World::new().await;
    let token = world.login().await;
    assert!(world.grant_holds().await);
    assert_eq!(refusal(world.ask(&world.code_form()).await), "invalid_grant");
    assert!(!world.grant_holds().await);
    assert_eq!(refusal(world.ask(&refresh_form(&token)).await), "invalid_grant");
}

#[tokio::test]
async fn t01_a_code_that_comes_late_and_again_takes_everything_back() {
    let world = World::new().await;
    world.login().await;
    let late = NOW.after(Duration::from_secs(600));
    let answer = world.ask_at(late, &world.client, &world.code_form()).await;
    assert_eq!(refusal(answer), "invalid_grant");
    assert!(!world.grant_holds().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn t02_of_fifty_at_a_time_one_gets_tokens() {
    let world = Arc::new(World::new().await);
    let mut asking = JoinSet::new();
    for _ in 0..50 {
        let world = Arc::clone(&world);
        asking.spawn(async move { world.ask(&world.code_form()).await });
    }
    let answers = asking.join_all().await;
    let (good, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!((good.len(), refused.len()), (1, 49));
    for answer in refused {
        assert_eq!(refusal(answer), "invalid_grant");
    }
    assert!(!world.grant_holds().await, "49 others had the code");
}

#[tokio::test]
async fn t03_t04_t05_t06_t09_what_does_not_fit_is_refused_and_burns_nothing() {
    let world = World::new().await;
    let good = world.code_form();
    let replaced = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        good.replace(from, to)
    };
    let verifier = format!("code_verifier={VERIFIER}");
    let resource = format!("resource={RESOURCE}");
    for (form, expected) in [
        (replaced(&verifier, ""), "invalid_grant"),
        (replaced(VERIFIER, &VERIFIER.replace('d', "e")), "invalid_grant"),
        (replaced(VERIFIER, CHALLENGE), "invalid_grant"),
        (replaced(VERIFIER, &VERIFIER[1..]), "invalid_request"),
        (replaced(VERIFIER, &"a".repeat(129)), "invalid_request"),
        (replaced(VERIFIER, &format!("{VERIFIER}%21")), "invalid_request"),
        (replaced(REDIRECT, "http://127.0.0.1:33418"), "invalid_grant"),
        (replaced(REDIRECT, "http://127.0.0.1:33419/"), "invalid_grant"),
        (replaced(&resource, "resource=https://mcp.example.com"), "invalid_target"),
        (replaced(&resource, "resource=https://other.example/mcp"), "invalid_target"),
        (replaced(&resource, "resource=mcp"), "invalid_target"),
        (format!("{good}&resource=https://other.example/mcp"), "invalid_target"),
    ] {
        assert_eq!(refusal(world.ask(&form).await), expected, "{form}");
        assert!(world.grant_holds().await, "{form}");
    }
    assert!(world.ask(&good).await.is_ok());
}

#[tokio::test]
async fn t06_t09_redirect_uri_and_resource_need_not_be_sent_again() {
    for form in [
        |form: String| form.replace(&format!("&redirect_uri={REDIRECT}"), ""),
        |form: String| form.replace(&format!("&resource={RESOURCE}"), ""),
        |form: String| form.replace(RESOURCE, "https://MCP.example.com:443/mcp"),
        |form: String| format!("{form}&resource={RESOURCE}&unknown=1"),
    ] {
        let world = World::new().await;
        let form = form(world.code_form());
        let answer = world.ask(&form).await.unwrap();
        let [_, claims] = look_into(&answer.access_token);
        assert_eq!(claims["aud"], RESOURCE, "{form}");
    }
}

#[tokio::test]
async fn t07_the_code_of_another_client_is_unknown_and_stays_good_for_its_own() {
    let world = World::new().await;
    let other = client("c_other", &[GrantType::AuthorizationCode]);
    let (form, thief) = (world.code_form(), world.ask_at(NOW, &other, &world.code_form()).await);
    assert_eq!(refusal(thief), "invalid_grant");
    assert!(world.ask(&form).await.is_ok());
    let replay = world.ask_at(NOW, &other, &form).await;
    assert_eq!(refusal(replay), "invalid_grant");
    assert!(world.grant_holds().await, "a replay by another client does no harm");
}

#[tokio::test]
async fn t08_t10_a_code_that_has_ended_or_is_none_is_refused() {
    let world = World::new().await;
    let (code, form) = (world.code.expose(), world.code_form());
    for guess in [&code[..42], &format!("{code}A"), "x", "../..", &"A".repeat(10 << 10), "%C3%BC"] {
        let answer = world.ask(&form.replace(code, guess)).await;
        assert_eq!(refusal(answer), "invalid_grant", "{guess}");
        assert!(world.grant_holds().await, "{guess}");
    }
    for seconds in [60, 61] {
        let late = NOW.after(Duration::from_secs(seconds));
        let answer = world.ask_at(late, &world.client, &form).await;
        assert_eq!(refusal(answer), "invalid_grant", "{seconds}");
    }
    let in_time = NOW.after(Duration::from_secs(59));
    assert!(world.ask_at(in_time, &world.client, &form).await.is_ok());
}

#[tokio::test]
async fn a_code_of_a_grant_that_was_taken_back_is_refused() {
    let world = World::new().await;
    world.store.revoke_grant(&world.grant).await.unwrap();
    assert_eq!(refusal(world.ask(&world.code_form()).await), "invalid_grant");
}

#[tokio::test]
async fn a_client_that_does_not_refresh_gets_no_refresh_token() {
    let world = World::new().await;
    let client = Client { grant_types: vec![GrantType::AuthorizationCode], ..world.client.clone() };
    let answer = world.ask_at(NOW, &client, &world.code_form()).await.unwrap();
    assert_eq!(answer.refresh_token, None);
}
