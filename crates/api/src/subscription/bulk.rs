//! Many subscriptions at once, as CSV (RFC 4180).
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get, post};
use app::subscription::{Exported, Imported, Newcomer};
use domain::caller::Scope;
use domain::subscription::Subscription;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::means;
use crate::auth::Signed;
use crate::body::Body;
use crate::csv::{self, Sheet};
use crate::idempotency::{Key as IdempotencyKey, answer};
use crate::list;
use crate::problem::Problem;
use crate::query::QueryString;
use crate::responses::{Reading, Writing};
use crate::seam;
use crate::state::State;
use crate::validate;

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(import_subscriptions).service(export_subscriptions).service(erase_subscriptions);
}

/// Most rows of an import.
const ROWS_MAX: usize = 10_000;
/// Columns of an import; all but the first may be left out.
const COLUMNS: [&str; 6] = ["email", "label", "locale", "time_zone", "components", "groups"];
const LABEL_MAX: u64 = domain::text::NAME_MAX;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    #[param(max_length = 40)]
    channel: Option<String>,
    /// From the `Link` of the part before.
    cursor: Option<String>,
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Erasure {
    /// An e-mail address, a URL, a number: what the messages go to.
    #[validate(length(min = 1, max = 2048))]
    #[schema(min_length = 1, max_length = 2048, example = "ana@example.org")]
    address: String,
}

/// How many subscriptions were wiped.
#[derive(Serialize, ToSchema)]
pub struct Erased {
    erased: usize,
}

/// What came of an import.
#[derive(Serialize, ToSchema)]
pub struct ImportReport {
    created: usize,
    /// Whose address is subscribed already, or stands further up; they stay as they are.
    existing: usize,
    invalid: Vec<RefusedRow>,
}

/// A row that was not taken.
#[derive(Serialize, ToSchema)]
pub struct RefusedRow {
    /// Counted from 1, the header included.
    line: u64,
    code: String,
    detail: String,
}

/// Subscribe many by e-mail
///
/// One row each, under a header: `email`, and as you like `label`, `locale`, `time_zone`,
/// `components` and `groups` (ids or slugs, separated by `;`). At most 10,000 rows and 2 MB. Rows
/// that are in order are subscribed at once, all together; the others are reported.
#[utoipa::path(
    tag = "subscriptions",
    request_body(content = String, content_type = "text/csv", example = "email,label\nana@example.org,Ana\n"),
    responses((status = 200, description = "What was done", body = ImportReport), Writing),
    security(("bearer" = ["subscriptions"])),
)]
#[post("/subscriptions/import")]
async fn import_subscriptions(
    Signed(caller): Signed,
    state: Data<State>,
    key: IdempotencyKey,
    sheet: Result<Sheet, Problem>,
) -> Result<HttpResponse, Problem> {
    // Whoever may not import anything need not hear what is wrong with the sheet.
    caller.must(Scope::Subscriptions).map_err(app::Error::from)?;
    let sheet = sheet?;
    let key = key.with_body(sheet.digest);
    let time_zone = state.db.page().time_zone.clone();
    let (newcomers, refused) = read(&sheet, &time_zone)?;
    let shared = state.clone();
    seam::post(&state, key, move |db| {
        let done = app::subscription::import(db, &caller, means(&shared), newcomers)?;
        answer(200, &report(done, refused))
    })
    .await
}

/// Get subscriptions as CSV, newest first
///
/// Up to 20,000 rows; `Link` leads to the rest. Secrets are masked. Cells that spreadsheets would
/// take for formulas begin with an apostrophe.
#[utoipa::path(
    tag = "subscriptions",
    params(ExportQuery),
    responses((status = 200, description = "Subscriptions", body = String, content_type = "text/csv"), Reading),
    security(("bearer" = ["subscriptions"])),
)]
#[get("/subscriptions/export")]
async fn export_subscriptions(
    req: HttpRequest,
    Signed(caller): Signed,
    state: Data<State>,
    QueryString(query): QueryString<ExportQuery>,
) -> Result<HttpResponse, Problem> {
    let after = list::window(None, query.cursor.as_deref())?.after;
    let channel = super::known_channel(query.channel)?;
    let page = seam::read(&state, move |db| {
        app::subscription::export(db, &caller, channel.as_deref(), after)
    })
    .await?;
    let mut response = csv::named("subscriptions.csv");
    if let Some(link) = list::next_link(&req, page.next) {
        response.insert_header(link);
    }
    let rows = page.data.into_iter().map(row);
    Ok(response.body(csv::write(&HEADER, rows).map_err(|error| Problem::internal(&error))?))
}

/// Erase an address
///
/// Wipes every subscription of it on every channel: configuration, secrets, label, what
/// destinations answered. The log says how many, not whose.
#[utoipa::path(
    tag = "subscriptions",
    request_body = Erasure,
    responses((status = 200, description = "Wiped", body = Erased), Writing),
    security(("bearer" = ["subscriptions"])),
)]
#[post("/subscriptions/erase")]
async fn erase_subscriptions(
    Signed(caller): Signed,
    state: Data<State>,
    key: IdempotencyKey,
    body: Body<Erasure>,
) -> Result<HttpResponse, Problem> {
    let key = key.with_body(body.digest);
    let (address, shared) = (body.value.address, state.clone());
    seam::post(&state, key, move |db| {
        let erased = app::subscription::erase(db, &caller, &shared.vault, &address)?;
        answer(200, &Erased { erased })
    })
    .await
}

/// The rows that have the right shape, and what is wrong with the others.
fn read(sheet: &Sheet, time_zone: &str) -> Result<(Vec<Newcomer>, Vec<RefusedRow>), Problem> {
    let rows = sheet.rows(&COLUMNS, ROWS_MAX)?;
    let (mut newcomers, mut refused) = (Vec::new(), Vec::new());
    for row in rows {
        let row = match row {
            Ok(row) => row,
            Err(fault) => {
                let (line, code) = (fault.line, "malformed".to_owned());
                refused.push(RefusedRow { line, code, detail: fault.detail });
                continue;
            }
        };
        let text = |column: &str| row.get(column).map(str::to_owned);
        let names = |column: &str| {
            let names = row.get(column).unwrap_or_default().split(';').map(str::trim);
            names.filter(|it| !it.is_empty()).map(str::to_owned).collect::<Vec<_>>()
        };
        let newcomer = Newcomer {
            line: row.line,
            email: text("email").unwrap_or_default(),
            label: text("label"),
            locale: text("locale").unwrap_or_else(super::shape::english),
            time_zone: text("time_zone").unwrap_or_else(|| time_zone.to_owned()),
            components: names("components"),
            groups: names("groups"),
        };
        match fault(&newcomer) {
            Some((code, detail)) => {
                let (line, code) = (newcomer.line, code.to_owned());
                refused.push(RefusedRow { line, code, detail });
            }
            None => newcomers.push(newcomer),
        }
    }
    Ok((newcomers, refused))
}

fn fault(newcomer: &Newcomer) -> Option<(&'static str, String)> {
    let Newcomer { line: _, email, label, locale, time_zone, components, groups } = newcomer;
    let length = |text: &str| u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
    let max = domain::subscription::FILTER_MAX;
    if email.is_empty() {
        return Some(("required", "`email` is missing".to_owned()));
    }
    if [email, locale, time_zone].into_iter().chain(label).any(|it| it.contains('\0')) {
        return Some(("nul", "must not contain NUL characters".to_owned()));
    }
    if label.as_ref().is_some_and(|it| length(it) > LABEL_MAX) {
        return Some(("length", format!("`label` has more than {LABEL_MAX} characters")));
    }
    if validate::locale(locale).is_err() {
        return Some(("locale", "`locale` must be a language tag like `pt-BR`".to_owned()));
    }
    if validate::time_zone(time_zone).is_err() {
        return Some(("time_zone", "`time_zone` must be an IANA name".to_owned()));
    }
    if components.len() > max || groups.len() > max {
        return Some(("length", format!("a row names at most {max} components and groups")));
    }
    None
}

fn report(done: Imported, refused: Vec<RefusedRow>) -> ImportReport {
    let Imported { created, existing, invalid } = done;
    let of_meaning = invalid.into_iter().map(|it| RefusedRow {
        line: it.line,
        code: it.code.to_owned(),
        detail: it.detail,
    });
    let mut invalid: Vec<RefusedRow> = refused.into_iter().chain(of_meaning).collect();
    invalid.sort_by_key(|it| it.line);
    ImportReport { created, existing, invalid }
}

const HEADER: [&str; 16] = [
    "id",
    "channel",
    "address",
    "label",
    "state",
    "origin",
    "audience",
    "locale",
    "time_zone",
    "components",
    "groups",
    "incidents",
    "events",
    "min_impact",
    "digest_minutes",
    "created_at",
];

fn row(exported: Exported) -> [String; 16] {
    let Exported { shown, address } = exported;
    let Subscription { id, channel, label, filter, audience, locale, time_zone, .. } = shown;
    let ids =
        |ids: &[uuid::Uuid]| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(";");
    let events: Vec<&str> = filter.events.iter().map(|it| it.as_str()).collect();
    [
        id.to_string(),
        channel,
        address.unwrap_or_default(),
        label.unwrap_or_default(),
        shown.state.to_string(),
        shown.origin.to_string(),
        audience.to_string(),
        locale,
        time_zone,
        ids(&filter.components),
        ids(&filter.groups),
        ids(&filter.incidents),
        events.join(";"),
        filter.min_impact.map(|it| it.to_string()).unwrap_or_default(),
        shown.digest_minutes.to_string(),
        shown.created_at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true),
    ]
}
