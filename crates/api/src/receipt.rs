//! What providers report of messages that they took. They sign what they say, with secrets that
//! only they and Farol know.
use std::future::ready;
use std::net::IpAddr;

use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get, post};
use app::idempotency::Answer;
use channels::receipt::{cloud, twilio};
use serde::Deserialize;
use serde_json::Value;
use url::form_urlencoded;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::auth::Address;
use crate::body::Raw;
use crate::idempotency::Key as IdempotencyKey;
use crate::limit::party;
use crate::problem::{Problem, kind};
use crate::query::QueryString;
use crate::responses::{Reading, Writing};
use crate::seam;
use crate::state::{MetaApp, State};

/// Providers report in bursts and from few addresses: what they sign is not counted, and they are
/// let in to an internal page.
pub const PATHS: [&str; 2] = ["/api/v1/receipts/whatsapp", twilio::PATH];

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(answer_handshake).service(take_whatsapp_reports).service(take_twilio_report);
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Handshake {
    /// `subscribe`
    #[serde(rename = "hub.mode")]
    mode: Option<String>,
    /// `FAROL_WHATSAPP_VERIFY_TOKEN`
    #[serde(rename = "hub.verify_token")]
    verify_token: Option<String>,
    /// What to answer.
    #[serde(rename = "hub.challenge")]
    challenge: Option<String>,
}

/// A webhook of the Cloud API's, of which `statuses` count.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what Meta sends")]
struct WhatsappReports {
    object: String,
    #[schema(value_type = Vec<Object>)]
    entry: Vec<Value>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Reported {
    /// The delivery whose message it is about.
    delivery: Uuid,
}

/// Answer WhatsApp's handshake
///
/// Meta's app asks so before it reports: answers the challenge to whoever knows the verify token.
#[utoipa::path(
    tag = "receipts",
    params(Handshake),
    responses((status = 200, description = "The challenge", body = String, content_type = "text/plain"), Reading),
    security(()),
)]
#[get("/receipts/whatsapp")]
async fn answer_handshake(
    state: Data<State>,
    Address(address): Address,
    QueryString(query): QueryString<Handshake>,
) -> Result<HttpResponse, Problem> {
    let app = ready(meta_app(&state)).await?;
    let Handshake { mode, verify_token, challenge } = query;
    let [mode, token] = [mode, verify_token].map(Option::unwrap_or_default);
    if !cloud::is_handshake(&app.verify_token, &mode, &token) {
        let wrong = Problem::new(kind::FORBIDDEN).because("the verify token is another");
        return Err(counted(&state, address, wrong));
    }
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .content_type("text/plain; charset=utf-8")
        .body(challenge.unwrap_or_default()))
}

/// Take what WhatsApp reports
///
/// The webhook of a Meta app (field `messages`), signed with the app's secret: says of accepted
/// messages whether they arrived. What else the webhook tells is passed over.
#[utoipa::path(
    tag = "receipts",
    params(("X-Hub-Signature-256" = String, Header, description = "`sha256=` and the hexadecimal HMAC-SHA256 of the body")),
    request_body = WhatsappReports,
    responses((status = 200, description = "Noted"), Writing),
    security(()),
)]
#[post("/receipts/whatsapp")]
async fn take_whatsapp_reports(
    req: HttpRequest,
    state: Data<State>,
    Address(address): Address,
    key: IdempotencyKey,
    body: Raw,
) -> Result<HttpResponse, Problem> {
    let signature = signature(&req, "x-hub-signature-256");
    if signature.is_empty() {
        return Err(refused(&state, address));
    }
    let app = meta_app(&state)?;
    if !cloud::is_signed(&app.secret, &body.bytes, signature) {
        return Err(refused(&state, address));
    }
    let malformed = |error| Problem::new(kind::MALFORMED).because(error);
    let reports: Value = serde_json::from_slice(&body.bytes).map_err(malformed)?;
    let fates = cloud::fates(&reports);
    let key = key.with_body(body.digest);
    seam::post(&state, key, move |db| {
        app::receipt::note(db, &fates, None)?;
        Ok(noted())
    })
    .await
}

/// Take what Twilio reports
///
/// The `StatusCallback` that Farol asks for with each message, signed with the account's auth
/// token: says whether the message arrived.
#[utoipa::path(
    tag = "receipts",
    params(
        Reported,
        ("X-Twilio-Signature" = String, Header, description = "Base64 HMAC-SHA1 of the URL and the sorted parameters"),
    ),
    request_body(content = String, content_type = "application/x-www-form-urlencoded", example = "MessageSid=SM0123&MessageStatus=delivered"),
    responses((status = 200, description = "Noted"), Writing),
    security(()),
)]
#[post("/receipts/twilio")]
async fn take_twilio_report(
    req: HttpRequest,
    state: Data<State>,
    Address(address): Address,
    key: IdempotencyKey,
    QueryString(Reported { delivery }): QueryString<Reported>,
    body: Raw,
) -> Result<HttpResponse, Problem> {
    let url = format!("{}{}?{}", state.db.page().public_url, twilio::PATH, req.query_string());
    let form: Vec<(String, String)> = form_urlencoded::parse(&body.bytes).into_owned().collect();
    let (shared, signature) = (state.clone(), signature(&req, "x-twilio-signature").to_owned());
    let (sender, form) = seam::read(&state, move |db| {
        let vault = &shared.vault;
        let sender = app::receipt::sender_by_twilio(db, vault, delivery, &url, &form, &signature)?;
        Ok((sender, form))
    })
    .await?;
    let Some(sender) = sender else { return Err(refused(&state, address)) };
    let key = key.with_body(body.digest);
    seam::post(&state, key, move |db| {
        app::receipt::note(db, twilio::fate(&form).as_slice(), Some(sender))?;
        Ok(noted())
    })
    .await
}

fn meta_app(state: &State) -> Result<&MetaApp, Problem> {
    let missing = || Problem::new(kind::NOT_FOUND).because("FAROL_WHATSAPP_APP_SECRET is not set");
    state.meta_app.as_ref().ok_or_else(missing)
}

fn signature<'r>(req: &'r HttpRequest, name: &str) -> &'r str {
    req.headers().get(name).and_then(|it| it.to_str().ok()).unwrap_or_default()
}

fn refused(state: &State, address: IpAddr) -> Problem {
    counted(state, address, Problem::unauthenticated("the signature is missing or wrong"))
}

/// Who guesses is counted, as with tokens.
fn counted(state: &State, address: IpAddr, problem: Problem) -> Problem {
    let counted = state.limits.count(format!("unknown:{}", party(address)));
    counted.wait.map_or(problem, Problem::throttled)
}

fn noted() -> Answer {
    Answer { status: 200, location: None, etag: None, body: String::new() }
}
