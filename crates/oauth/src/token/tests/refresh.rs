use super::*;

fn seconds(seconds: u64) -> Time {
    NOW.after(Duration::from_secs(seconds))
}

#[tokio::test]
async fn t26_each_refresh_gives_another_token() {
    let world = World::new().await;
    let mut token = world.login().await;
    // Far beyond the grace of those before.
    for n in 1..4 {
        let answer = world.ask_at(seconds(n * 800), &world.client, &refresh_form(&token)).await;
        let answer = answer.unwrap();
        let [_, claims] = look_into(&answer.access_token);
        assert_eq!((claims["sub"].as_str(), claims["gid"].as_str()), (Some("ada"), Some("g-1")));
        assert_eq!((answer.expires_in, &*answer.scope), (900, SCOPES));
        let next = answer.refresh_token.unwrap();
        assert_ne!(next, token);
        token = next;
    }
}

#[tokio::test]
async fn t26_another_client_gets_nothing_and_does_no_harm() {
    let world = World::new().await;
    let token = world.login().await;
    let other = client("c_other", &[GrantType::RefreshToken]);
    let thief = world.ask_at(seconds(1), &other, &refresh_form(&token)).await;
    assert_eq!(refusal(thief), "invalid_grant");
    assert!(world.ask(&refresh_form(&token)).await.is_ok());
    let thief = world.ask_at(seconds(600), &other, &refresh_form(&token)).await;
    assert_eq!(refusal(thief), "invalid_grant");
    assert!(world.grant_holds().await);
}

#[tokio::test]
async fn t26_scopes_go_down_for_one_token_and_never_up() {
    let world = World::new().await;
    let token = world.login().await;
    let form = refresh_form(&token);
    for scope in ["cases/read", "openid cases/read", "prometheus-mcp-server/writer", "a%22", "%20"]
    {
        let answer = world.ask(&format!("{form}&scope={scope}")).await;
        assert_eq!(refusal(answer), "invalid_scope", "{scope}");
    }
    // What a scope implies may be asked for alone.
    let read = "prometheus-mcp-server/read";
    let answer = world.ask(&format!("{form}&scope={read}")).await.unwrap();
    assert_eq!(answer.scope, read);
    let [_, claims] = look_into(&answer.access_token);
    assert_eq!(claims["scope"], read);
    let answer = world.ask(&refresh_form(&answer.refresh_token.unwrap())).await.unwrap();
    assert_eq!(answer.scope, SCOPES, "the grant is what it was");
}

#[tokio::test]
async fn tokens_stay_for_the_resource_of_their_grant() {
    let world = World::new().await;
    let form = refresh_form(&world.login().await);
    let other = format!("{form}&resource=https://other.example/mcp");
    assert_eq!(refusal(world.ask(&other).await), "invalid_target");
    let answer = world.ask(&format!("{form}&resource={RESOURCE}")).await.unwrap();
    let [_, claims] = look_into(&answer.access_token);
    assert_eq!(claims["aud"], RESOURCE);
}

#[tokio::test]
async fn t27_an_answer_that_was_lost_is_had_again_for_a_minute() {
    let world = World::new().await;
    let form = refresh_form(&world.login().await);
    let at = async |after| world.ask_at(seconds(after), &world.client, &form).await;
    assert!(at(100).await.is_ok());
    for after in [110, 140, 159, 160] {
        let sibling = at(after).await.unwrap().refresh_token.unwrap();
        let next = world.ask_at(seconds(after), &world.client, &refresh_form(&sibling)).await;
        assert!(next.is_ok(), "{after}");
    }
    assert_eq!(refusal(at(160).await), "invalid_grant", "the fifth");
    assert!(world.grant_holds().await);
}

#[tokio::test]
async fn t27_t28_the_grace_is_not_moved_by_being_used() {
    let world = World::new().await;
    let first = world.login().await;
    let form = refresh_form(&first);
    let at = async |after| world.ask_at(seconds(after), &world.client, &form).await;
    let newest = at(0).await.unwrap().refresh_token.unwrap();
    assert!(at(59).await.is_ok());
    assert_eq!(refusal(at(61).await), "invalid_grant");
    assert!(!world.grant_holds().await, "somebody else has had it");
    let newest = world.ask_at(seconds(62), &world.client, &refresh_form(&newest)).await;
    assert_eq!(refusal(newest), "invalid_grant");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn t29_twenty_at_a_time_leave_at_most_five_tokens_and_the_grant() {
    let world = Arc::new(World::new().await);
    let form = refresh_form(&world.login().await);
    let mut asking = JoinSet::new();
    for _ in 0..20 {
        let (world, form) = (Arc::clone(&world), form.clone());
        asking.spawn(async move { world.ask(&form).await });
    }
    let answers = asking.join_all().await;
    let (good, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!((good.len(), refused.len()), (5, 15));
    for answer in refused {
        assert_eq!(refusal(answer), "invalid_grant");
    }
    assert!(world.grant_holds().await);
    for answer in good {
        let token = answer.unwrap().refresh_token.unwrap();
        assert!(world.ask(&refresh_form(&token)).await.is_ok());
    }
}

#[tokio::test]
async fn t30_nothing_comes_of_a_grant_that_was_taken_back() {
    let world = World::new().await;
    let form = refresh_form(&world.login().await);
    world.store.revoke_grant(&world.grant).await.unwrap();
    assert_eq!(refusal(world.ask(&form).await), "invalid_grant");
}

#[tokio::test]
async fn t30_nothing_comes_of_the_grant_of_a_deleted_client() {
    let world = World::new().await;
    let form = refresh_form(&world.login().await);
    world.store.delete_client(&world.client.id, NOW).await.unwrap();
    assert_eq!(refusal(world.ask(&form).await), "invalid_grant");
}

#[tokio::test]
async fn t30_a_grant_ends_however_often_it_is_used() {
    let world = World::new().await;
    let mut token = world.login().await;
    let day = 24 * 60 * 60;
    for days in [25, 50, 75, 89] {
        let answer = world.ask_at(seconds(days * day), &world.client, &refresh_form(&token)).await;
        token = answer.unwrap().refresh_token.unwrap();
    }
    let last = world.ask_at(seconds(90 * day - 60), &world.client, &refresh_form(&token)).await;
    let last = last.unwrap();
    assert_eq!(last.expires_in, 60, "no token outlives its grant");
    let form = refresh_form(&last.refresh_token.unwrap());
    let over = world.ask_at(seconds(90 * day), &world.client, &form).await;
    assert_eq!(refusal(over), "invalid_grant");
}

#[tokio::test]
async fn a_token_that_is_not_used_ends() {
    let world = World::new().await;
    let form = refresh_form(&world.login().await);
    let end = NOW.after(world.lifetimes.refresh_token);
    assert_eq!(refusal(world.ask_at(end, &world.client, &form).await), "invalid_grant");
    assert!(world.grant_holds().await);
    assert!(world.ask_at(Time(end.0 - 1), &world.client, &form).await.is_ok());
}

#[tokio::test]
async fn t31_a_code_or_an_access_token_is_no_refresh_token() {
    let world = World::new().await;
    let answer = world.ask(&world.code_form()).await.unwrap();
    for token in [world.code.expose(), &answer.access_token, "x", &"A".repeat(10 << 10)] {
        assert_eq!(refusal(world.ask(&refresh_form(token)).await), "invalid_grant");
    }
    assert!(world.grant_holds().await);
}
