//! How clients prove who they are at `/oauth/token` and `/oauth/revoke`.

use crate::site::{App, Ask, Proof, Reply, SECRET, Site, basic};

const PATHS: [&str; 3] = ["/oauth/token", "/token", "/oauth/revoke"];
const CHALLENGE: &str = "Basic realm=\"oauth\", charset=\"UTF-8\"";

/// What a proof gets; `token` is for revocation.
fn form(path: &str, fields: &[(&str, &str)]) -> Ask {
    let all = [&[("grant_type", "client_credentials"), ("token", "x")], fields].concat();
    Ask::form(path, &all)
}

#[track_caller]
fn is_nobody(reply: &Reply) {
    reply.is_refused(401, "invalid_client");
    reply.has_header("www-authenticate", Some(CHALLENGE));
}

#[tokio::test]
async fn t16_t17_an_unknown_client_is_not_told_from_a_wrong_secret() {
    let site = Site::new();
    let deleted = App::confidential(&site, "client_secret_basic").await;
    let Proof::Basic(secret) = &deleted.proof else { panic!() };
    let (path, token) = deleted.management();
    site.send(Ask::new("DELETE", &path).bearer(&token)).await.is(204);
    for path in PATHS {
        let mut texts = Vec::new();
        for (id, secret) in [
            ("machine", "wrong"),
            ("machine", ""),
            ("machine", "s3"),
            ("unknown", "wrong"),
            ("unknown", SECRET),
            ("unknown", "unknown"),
            (&*deleted.id, &**secret),
        ] {
            let reply = site.send(form(path, &[]).header("authorization", basic(id, secret))).await;
            is_nobody(&reply);
            texts.push(reply.text().to_owned());
        }
        for (id, secret) in [
            ("portal", "wrong"),
            ("portal", "s3"),
            ("unknown", "wrong"),
            ("unknown", SECRET),
            (&*deleted.id, &**secret),
        ] {
            let fields = [("client_id", id), ("client_secret", secret)];
            let reply = site.send(form(path, &fields)).await;
            is_nobody(&reply);
            texts.push(reply.text().to_owned());
        }
        texts.dedup();
        assert_eq!(texts.len(), 1, "{texts:?}");
    }
}

#[tokio::test]
async fn t18_t19_one_secret_and_one_client_are_sent() {
    let site = Site::new();
    for path in PATHS {
        for (fields, refused) in [
            // As the Python SDK of MCP does.
            (&[("client_id", "machine")][..], None),
            (&[("client_id", "")], None),
            (&[("client_id", "portal")], Some("invalid_request")),
            (&[("client_secret", SECRET)], Some("invalid_request")),
            (&[("client_id", "machine"), ("client_secret", SECRET)], Some("invalid_request")),
            (&[("client_id", "portal"), ("client_secret", SECRET)], Some("invalid_request")),
        ] {
            let ask = form(path, fields).header("authorization", basic("machine", SECRET));
            let reply = site.send(ask).await;
            match refused {
                Some(code) => drop(reply.is_refused(400, code).clone()),
                None => drop(reply.is(200).clone()),
            }
        }
    }
}

#[tokio::test]
async fn t20_id_and_secret_are_decoded_as_in_a_form() {
    let site = Site::new();
    let odd = "https://odd.example/c";
    for path in PATHS {
        for (pair, good) in [
            ("https%3A%2F%2Fodd.example%2Fc:s3%3Acr%25et+%2Bof-operators", true),
            ("https%3a%2f%2fodd.example%2fc:s3:cr%25et%20%2bof-operators", true),
            // Not encoded at all.
            ("https://odd.example/c:s3:cr%et +of-operators", false),
            ("https%3A%2F%2Fodd.example%2Fc:s3:cr%et +of-operators", false),
            ("https%3A%2F%2Fodd.example%2Fc:s3%253Acr%2525et+%252Bof-operators", false),
        ] {
            let reply = site.send(form(path, &[]).basic(pair)).await;
            if good { drop(reply.is(200).clone()) } else { is_nobody(&reply) }
        }
        let header = basic(odd, SECRET);
        let encoded = header.strip_prefix("Basic ").unwrap();
        for scheme in ["basic", "BASIC", "Basic "] {
            let ask = form(path, &[]).header("authorization", format!("{scheme} {encoded}"));
            site.send(ask).await.is(200);
        }
    }
    // What is minted needs no encoding: clients that do none get along.
    for method in ["client_secret_basic", "client_secret_post"] {
        let app = App::confidential(&site, method).await;
        let (Proof::Basic(secret) | Proof::Post(secret)) = &app.proof else { panic!() };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        assert!(app.id.bytes().chain(secret.bytes()).all(plain), "{} {secret}", app.id);
        if method == "client_secret_basic" {
            let ask = form("/oauth/revoke", &[]).basic(format!("{}:{secret}", app.id));
            site.send(ask).await.is(200);
        }
    }
}

#[tokio::test]
async fn t21_malformed_basic_proves_nobody() {
    let site = Site::new();
    for path in PATHS {
        for value in [
            "Basic",
            "Basic ",
            "Basic !!!",
            "Basic bWFjaGluZQ",
            "Basic bWFjaGluZTp4=",
            "Basic /////w==",
            "Basic bWFjaGluZSV6ejp4",
            "Basicx bWFjaGluZTp4",
            "basic\tbWFjaGluZTp4",
        ] {
            is_nobody(&site.send(form(path, &[]).header("authorization", value)).await);
        }
        for pair in [&b"nocolon"[..], b"\xff:\xff", b":x", b"machine\0:x", b"ma chine:x"] {
            is_nobody(&site.send(form(path, &[]).basic(pair)).await);
        }
        is_nobody(&site.send(form(path, &[]).header("authorization", b"Basic \xff")).await);
    }
}

#[tokio::test]
async fn t22_a_client_proves_itself_as_it_is_registered() {
    let site = Site::new();
    for path in PATHS {
        for id in ["machine", "portal", "editor"] {
            let in_header = form(path, &[]).header("authorization", basic(id, SECRET));
            let in_body = form(path, &[("client_id", id), ("client_secret", SECRET)]);
            let bare = form(path, &[("client_id", id)]);
            for (ask, whose) in [(in_header, "machine"), (in_body, "portal"), (bare, "editor")] {
                let reply = site.send(ask).await;
                if id != whose {
                    is_nobody(&reply);
                } else if path == "/oauth/revoke" || id == "machine" {
                    reply.is(200);
                } else {
                    reply.is_refused(400, "unauthorized_client");
                }
            }
        }
        is_nobody(&site.send(form(path, &[])).await);
        for id in ["", "ma chine", "\u{fc}", &"a".repeat(2049)] {
            is_nobody(&site.send(form(path, &[("client_id", id)])).await);
        }
    }
}

#[tokio::test]
async fn t23_two_headers_are_malformed_and_a_bearer_token_is_no_client() {
    let site = Site::new();
    let tokens = App::new(&site).await.tokens().await;
    let good = basic("machine", SECRET);
    for path in PATHS {
        let two = form(path, &[]).header("authorization", &good).header("authorization", &good);
        site.send(two).await.is_refused(400, "invalid_request");
        // As an HTTP API joins them.
        let joined = form(path, &[]).header("authorization", format!("{good},{good}"));
        site.send(joined).await.is_refused(400, "invalid_request");
        let with_bearer = form(path, &[]).header("authorization", &good).bearer(&tokens.access);
        site.send(with_bearer).await.is_refused(400, "invalid_request");
        for fields in [&[][..], &[("client_id", "editor")]] {
            is_nobody(&site.send(form(path, fields).bearer(&tokens.access)).await);
        }
    }
}
