use domain::delivery::Outcome;
use serde_json::json;

use super::*;
use crate::Channel as _;
use crate::On;
use crate::testing::{
    World, answer, full_message, hostile, hostile_bodies, incident, message, run,
};
use crate::text::Dialect as _;

fn cloud() -> Value {
    json!({
        "provider": "cloud",
        "phone_number_id": "106540352242922",
        "access_token": "EAAabcdefgh1234",
        "to": "4915112345678",
        "template": { "name": "incident_update", "language": "en_US" },
    })
}

fn bridges() -> [Value; 3] {
    let base = json!({ "base_url": "https://wa.example.org", "api_key": "abcdefgh1234" });
    let with = |more: Value| {
        let mut config = base.clone();
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        config
    };
    [
        with(json!({ "provider": "waha", "session": "default", "chat_id": "4915112345678@c.us" })),
        with(json!({ "provider": "evolution", "instance": "status", "number": "+4915112345678" })),
        with(json!({ "provider": "wwebjs", "session": "status", "chat_id": "1-2@g.us" })),
    ]
}

fn twilio() -> Value {
    json!({
        "provider": "twilio",
        "account_sid": "AC00000000000000000000000000000001",
        "auth_token": "abcdefgh1234",
        "from": "whatsapp:+14155238886",
        "to": "+4915112345678",
    })
}

fn template() -> Value {
    json!({
        "provider": "template",
        "url": "https://gateway.example.org/send?text={{ message.heading }}",
        "headers": { "X-Api-Key": "abcdefgh1234" },
        "body": r#"{"to": "49", "text": "{{ message.heading }}: {{ message.text }}"}"#,
    })
}

fn all() -> Vec<Value> {
    let [waha, evolution, wwebjs] = bridges();
    vec![cloud(), waha, evolution, wwebjs, twilio(), template()]
}

fn world() -> World {
    let payload = incident("monitoring", "Checkout errors", "Fix deployed,\nwatching error rate.");
    World::new("incident.updated", payload)
}

fn check(config: &Value) -> Vec<(String, &'static str)> {
    let faults = On::<Whatsapp>::NEW.check(config, &EgressPolicy::default());
    faults.into_iter().map(|it| (it.pointer, it.code)).collect()
}

#[test]
fn every_provider_is_taken_and_shows_no_secret() {
    for config in all() {
        assert_eq!(check(&config), [], "{config}");
        let shown = On::<Whatsapp>::NEW.shown(&config).unwrap();
        assert_eq!(shown["provider"], config["provider"]);
        assert!(!shown.to_string().contains("abcdefgh1234"), "{shown}");
        let schema = serde_json::to_value(Config::schema()).unwrap();
        let variants = schema["oneOf"].as_array().unwrap();
        let variant = variants
            .iter()
            .find(|it| it["properties"]["provider"]["enum"][0] == config["provider"])
            .unwrap();
        assert_eq!(variant["additionalProperties"], false);
        for name in config.as_object().unwrap().keys() {
            assert!(variant["properties"].get(name).is_some(), "{name}");
        }
    }
}

#[test]
fn the_schema_is_whole() {
    let mut nested = Vec::new();
    Config::schemas(&mut nested);
    let text = serde_json::to_string(&(Config::schema(), &nested)).unwrap();
    let references: Vec<&str> =
        text.split("#/components/schemas/").skip(1).filter_map(|it| it.split('"').next()).collect();
    assert!(!references.is_empty());
    for name in references {
        assert!(nested.iter().any(|it| it.0 == name), "{name}");
    }
}

#[test]
fn what_is_wrong_is_pointed_out() {
    let wrong = |mut config: Value, pointer: &str, value: Value| {
        *config.pointer_mut(pointer).unwrap() = value;
        let faults = check(&config);
        assert_eq!(faults.first().map(|it| it.0.as_str()), Some(pointer), "{config}");
    };
    wrong(cloud(), "/phone_number_id", json!("../me"));
    wrong(cloud(), "/access_token", json!("a\r\nb"));
    wrong(cloud(), "/to", json!("somebody"));
    wrong(cloud(), "/template/name", json!("Incident update"));
    wrong(cloud(), "/template/language", json!(""));
    for bridge in bridges() {
        wrong(bridge.clone(), "/base_url", json!("http://localhost:3000"));
        wrong(bridge, "/api_key", json!(""));
    }
    let [waha, evolution, wwebjs] = bridges();
    wrong(waha, "/chat_id", json!("4915112345678"));
    wrong(evolution, "/instance", json!(".."));
    wrong(wwebjs, "/session", json!(""));
    wrong(twilio(), "/account_sid", json!("AC1"));
    wrong(twilio(), "/from", json!("US.1"));
    wrong(template(), "/url", json!("https://{{ page.name }}/x"));
    wrong(template(), "/url", json!("https://127.0.0.1/x"));
    wrong(template(), "/headers/X-Api-Key", json!("a\nb"));
    wrong(template(), "/body", json!(r#"{"text": {{ message.text }}}"#));
    wrong(template(), "/body", json!(r#"{"text": "{{ message.txt }}"}"#));
    wrong(template(), "/body", json!("{% if %}"));
    let mut unknown = twilio();
    unknown["token"] = json!("x");
    assert_eq!(check(&unknown), [(String::new(), "shape")]);
}

#[test]
fn people_are_found_by_their_number() {
    let addresses: Vec<Option<String>> =
        all().iter().map(|it| On::<Whatsapp>::NEW.address(it)).collect();
    let number = Some("+4915112345678".to_owned());
    assert_eq!(addresses, [number.clone(), number.clone(), number.clone(), None, number, None]);
    assert_eq!(Recipient::of("US.13491208655302"), Some(Recipient::User("US.13491208655302")));
    for nobody in ["", "+", "12", "abc", "49151@g.us", "us.1", "US."] {
        assert_eq!(Recipient::of(nobody), None, "{nobody}");
    }
}

#[test]
fn the_cloud_sends_a_template_as_recorded() {
    let mut config = cloud();
    config["template"]["link"] = json!("button");
    let run = run::<Whatsapp>(&config, &world(), None, |_, _| answer(200, &json!({})));
    let (step, request) = &run.sent[0];
    assert_eq!(*step, cloud::TEMPLATE);
    assert_eq!(request.url, "https://graph.facebook.com/v23.0/106540352242922/messages");
    let body = include_str!("../../fixtures/out_whatsapp_template.json");
    let mut expected: Value = serde_json::from_str(body).unwrap();
    expected["biz_opaque_callback_data"] = json!(uuid::Uuid::nil());
    assert_eq!(run.bodies()[0], expected);
}

#[test]
fn a_free_text_is_as_recorded() {
    let body = include_str!("../../fixtures/out_whatsapp_text.json");
    let expected: Value = serde_json::from_str(body).unwrap();
    let said = message("Monitoring", "Checkout errors", "Fix deployed.");
    let said = Said { message: &said, own: None };
    assert_eq!(expected["text"]["body"], said.text(TEXT_MAX));
}

#[test]
fn the_template_follows_where_free_text_is_not_taken() {
    let mut config = cloud();
    config["use_session"] = json!(true);
    let closed = json!({ "error": { "code": 131_047, "message": "Re-engagement message" } });
    let ok = json!({ "messages": [{ "id": "wamid.OUT1", "message_status": "accepted" }] });
    let run = run::<Whatsapp>(&config, &world(), None, |step, _| match step {
        cloud::TEXT => answer(400, &closed),
        _ => answer(200, &ok),
    });
    let steps: Vec<&str> = run.sent.iter().map(|it| it.0).collect();
    assert_eq!(steps, [cloud::TEXT, cloud::TEMPLATE]);
    assert_eq!(run.verdict().outcome, Outcome::Delivered);
    assert_eq!(Whatsapp::receipt(&run.done).as_deref(), Some("wamid.OUT1"));

    let taken = crate::testing::run::<Whatsapp>(&config, &world(), None, |_, _| answer(200, &ok));
    assert_eq!(taken.sent.len(), 1);
    // A template does not depend on the window.
    let run =
        crate::testing::run::<Whatsapp>(&cloud(), &world(), None, |_, _| answer(400, &closed));
    assert_eq!((run.sent.len(), run.verdict().outcome), (1, Outcome::Blocked));
}

#[test]
fn later_messages_answer_the_first() {
    let ok = |id: &str| answer(200, &json!({ "messages": [{ "id": id }] }));
    let first = run::<Whatsapp>(&cloud(), &world(), None, |_, _| ok("wamid.1"));
    assert_eq!(first.bodies()[0].get("context"), None);
    let anchor = first.anchor.as_ref();
    let second = run::<Whatsapp>(&cloud(), &world(), anchor, |_, _| ok("wamid.2"));
    assert_eq!(second.bodies()[0]["context"], json!({ "message_id": "wamid.1" }));
    assert_eq!(second.anchor, first.anchor);
}

#[test]
fn business_scoped_ids_are_recipients() {
    let mut config = cloud();
    config["to"] = json!("US.13491208655302");
    config["template"]["parameters"] = json!("positional");
    let run = run::<Whatsapp>(&config, &world(), None, |_, _| answer(200, &json!({})));
    let body = &run.bodies()[0];
    assert_eq!((body.get("to"), &body["recipient"]), (None, &json!("US.13491208655302")));
    let parameters = body["template"]["components"][0]["parameters"].as_array().unwrap();
    assert_eq!(parameters.len(), 4);
    let link = json!({ "type": "text", "text": "https://status.example.net/i/7" });
    assert_eq!(parameters[3], link);
}

#[test]
fn every_error_of_the_cloud_has_a_meaning() {
    let judge = |code: i64| {
        cloud::judge(&answer(400, &json!({ "error": { "code": code, "type": "OAuthException" } })))
    };
    let all = |codes: &[i64], outcome: Outcome| {
        for code in codes {
            assert_eq!(judge(*code).outcome, outcome, "{code}");
        }
    };
    all(&[4, 80_007, 130_429, 131_048, 133_016, 131_056], Outcome::Transient);
    all(&[1, 2, 131_000, 131_016, 131_057, 135_000], Outcome::Transient);
    all(&[131_026, 131_021, 131_030, 131_051, 131_062, 131_050], Outcome::Gone);
    all(&[131_049, 130_472, 131_047], Outcome::Blocked);
    all(&[100, 131_008, 131_009, 132_000, 132_001, 132_005], Outcome::Blocked);
    all(&[132_007, 132_008, 132_012], Outcome::Blocked);
    all(&[0, 3, 10, 190, 200, 299, 131_005, 131_031, 131_042], Outcome::Credential);
    all(&[131_045, 368, 130_497, 132_015, 132_016], Outcome::Credential);
    all(&[33, 999_999], Outcome::Misconfigured);

    let body = include_str!("../../fixtures/whatsapp_send_error_131056.json");
    let pair = cloud::judge(&answer(400, &serde_json::from_str(body).unwrap()));
    assert_eq!(pair.wait, Some(Duration::from_secs(6)));
    assert!(!pair.wait_is_shared && judge(130_429).wait_is_shared);
    let body = include_str!("../../fixtures/whatsapp_send_error_190_token.json");
    let token = cloud::judge(&answer(401, &serde_json::from_str(body).unwrap()));
    assert_eq!(token.outcome, Outcome::Credential);
    let body = include_str!("../../fixtures/whatsapp_send_ok_response.json");
    let ok = cloud::judge(&answer(200, &serde_json::from_str(body).unwrap()));
    assert_eq!((ok.outcome, ok.learnt), (Outcome::Delivered, json!({ "wamid": "wamid.OUT1" })));
    assert_eq!(cloud::judge(&answer(503, &Value::Null)).outcome, Outcome::Transient);
}

#[test]
fn template_parameters_are_what_meta_takes() {
    for body in hostile_bodies::<Whatsapp>(&cloud()) {
        let parameters = body["template"]["components"][0]["parameters"].as_array().unwrap();
        let texts = parameters.iter().map(|it| it["text"].as_str().unwrap());
        let mut sum = 0;
        for text in texts {
            assert!(!text.is_empty() && !text.contains(['\n', '\t', '\r']), "{text}");
            assert!(!text.contains("     "), "{text}");
            sum += WHATSAPP.unit().of(text);
        }
        assert!(sum <= 900, "{sum}");
    }
}

#[test]
fn texts_keep_their_limit() {
    for config in bridges() {
        for body in hostile_bodies::<Whatsapp>(&config) {
            let text = body.get("text").or(body.get("content")).unwrap().as_str().unwrap();
            assert!(WHATSAPP.unit().of(text) <= TEXT_MAX, "{text}");
            assert!(!text.contains("*b*"), "{text}");
        }
    }
    for text in hostile() {
        let mut message = full_message();
        (message.title, message.state, message.text) = (text.clone(), text.clone(), text.clone());
        message.facts = vec![(text.clone(), text.clone()); 9];
        message.manage = Some((text, "https://status.example.net/manage".to_owned()));
        let text = Said { message: &message, own: None }.text(1_600);
        assert!(WHATSAPP.unit().of(&text) <= 1_600, "{text}");
    }
    let mut message = full_message();
    message.text = "word ".repeat(1_000);
    let text = Said { message: &message, own: None }.text(1_600);
    assert!(WHATSAPP.unit().of(&text) <= 1_600);
    assert!(text.ends_with("View incident: https://status.example.net/i/7"), "{text}");
}

#[test]
fn any_gateway_takes_a_template() {
    let payload = incident("monitoring", "100% \"x\" & <y>\\", "a\nb");
    let world = World::new("incident.updated", payload);
    let run = run::<Whatsapp>(&template(), &world, None, |_, _| answer(200, &json!({})));
    let request = &run.sent[0].1;
    assert_eq!(
        request.url,
        "https://gateway.example.org/send?text=%5BMonitoring%5D%20100%25%20%22x%22%20%26%20%3Cy%3E%5C"
    );
    let body = &run.bodies()[0];
    assert_eq!(body["text"], "[Monitoring] 100% \"x\" & <y>\\: a\nb");
    let content = ("content-type".to_owned(), "application/json".to_owned());
    assert!(request.headers.contains(&content));
    // However hostile the text, the body is JSON: it is parsed here.
    assert!(!hostile_bodies::<Whatsapp>(&template()).is_empty());
}

#[test]
fn a_gateway_may_take_forms_or_queries() {
    let mut config = template();
    config["headers"] = json!({ "Content-Type": "application/x-www-form-urlencoded" });
    config["body"] = json!("to=49&text={{ message.heading }}");
    assert_eq!(check(&config), []);
    let form = run::<Whatsapp>(&config, &world(), None, |_, _| answer(200, &json!({})));
    let body = "to=49&text=%5BMonitoring%5D%20Checkout%20errors";
    assert_eq!(form.sent[0].1.body, body);
    config = json!({ "provider": "template", "method": "GET", "url": template()["url"] });
    assert_eq!(check(&config), []);
    let query = run::<Whatsapp>(&config, &world(), None, |_, _| answer(200, &json!({})));
    let request = &query.sent[0].1;
    assert_eq!((request.method, request.body.len()), (crate::Method::Get, 0));
    assert!(request.headers.is_empty());
}
