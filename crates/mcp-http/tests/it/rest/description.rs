//! `GET /openapi.json`.

use mcp_core::{Implementation, NoInput, Server, ToolSpec, tool_fn};
use mcp_http::rest::{RestService, RestSettings};
use serde_json::{Value, json};

use super::fixture::{Ask, forecasts, service, weather};

async fn described(service: &RestService) -> Value {
    let said = Ask::get("/openapi.json").send(service).await;
    assert_eq!(said.status, 200);
    said.json()
}

fn guarded() -> RestService {
    let settings = RestSettings {
        base_url: Some("https://mcp.example.com/prod".to_owned()),
        tokens: true,
        signatures: true,
        ..RestSettings::default()
    };
    RestService::new(weather().build().unwrap(), settings)
}

#[tokio::test]
async fn it_is_openapi_3_1_whoever_is_let_in() {
    for service in [forecasts(), guarded(), service()] {
        tests::openapi::check(&described(&service).await);
    }
    let empty = Server::builder(Implementation::new("empty", "1")).build().unwrap();
    tests::openapi::check(&described(&RestService::new(empty, RestSettings::default())).await);
}

#[tokio::test]
async fn it_describes_all_there_is() {
    let mut document = described(&guarded()).await;
    // One that fails is like another.
    let paths = document["paths"].as_object_mut().unwrap();
    for tool in ["rejects", "says_so", "broken", "busy", "slow"] {
        assert!(paths.shift_remove(&format!("/tools/{tool}")).is_some());
    }
    insta::assert_json_snapshot!(document);
}

/// What it promises is what comes.
#[tokio::test]
async fn answers_are_what_the_description_says() {
    let service = forecasts();
    let document = described(&service).await;
    let schema = |path: &str, method: &str, status: &str| {
        let response = &document["paths"][path][method]["responses"][status];
        let response = match response["$ref"].as_str() {
            Some(target) => document.pointer(&target[1..]).unwrap(),
            None => response,
        };
        response["content"]["application/json"]["schema"].clone()
    };
    for (ask, path, method) in [
        (Ask::get("/"), "/", "get"),
        (Ask::get("/tools"), "/tools", "get"),
        (Ask::get("/openapi.json"), "/openapi.json", "get"),
        (Ask::call("forecast", json!({"city": "Bern"})), "/tools/forecast", "post"),
        (Ask::call("forecast", json!({})), "/tools/forecast", "post"),
        (Ask::call("map", json!({})), "/tools/map", "post"),
        (Ask::call("rejects", json!({})), "/tools/rejects", "post"),
        (Ask::call("broken", json!({})), "/tools/broken", "post"),
        (Ask::call("busy", json!({})), "/tools/busy", "post"),
        (Ask::call("slow", json!({})), "/tools/slow", "post"),
    ] {
        let said = ask.send(&service).await;
        let schema = schema(path, method, said.status.as_str());
        let validator = tests::openapi::validator(&document, &schema).unwrap();
        assert!(validator.is_valid(&said.json()), "{path}: {said:?}");
    }
}

/// References of a tool's schema are from its own root.
#[tokio::test]
async fn schemas_with_definitions_stay_whole() {
    let schema = json!({
        "type": "object",
        "properties": {"tree": {"$ref": "#/$defs/Tree"}},
        "$defs": {"Tree": {
            "type": "object",
            "properties": {"left": {"$ref": "#/$defs/Tree"}, "all": {"$ref": "#"}},
        }},
    });
    let spec = ToolSpec::new("plant", "Plants a tree.").with_input_schema(schema);
    let server = Server::builder(Implementation::new("garden", "1"))
        .tool(tool_fn(spec, |_, NoInput {}| async move { Ok("planted".to_owned()) }))
        .build()
        .unwrap();
    let document = described(&RestService::new(server, RestSettings::default())).await;
    tests::openapi::check(&document);
    let arguments = json!({"$ref": "#/components/schemas/plant.arguments"});
    let validator = tests::openapi::validator(&document, &arguments).unwrap();
    assert!(validator.is_valid(&json!({"tree": {"left": {"left": {}}, "all": {"tree": {}}}})));
    assert!(!validator.is_valid(&json!({"tree": {"left": {"all": {"tree": 1}}}})));
}
