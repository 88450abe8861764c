//! Badges and plots to be put into other pages.
use std::future::ready;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use app::{Error, Read};
use domain::caller::Visibility;
use domain::component::{Component, Key};
use domain::uptime::{ComponentUptime, Granularity, Query, Subject};
use publication::shelf::Made;
use publication::svg::{self, Shield, Theme, Tone};
use publication::{Document, View};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::auth::Audience;
use crate::document;
use crate::problem::{Problem, kind};
use crate::query::QueryString;
use crate::responses::Reading;
use crate::state::State;

const LABEL_MAX: usize = 60;

pub fn root_routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(get_badge)
        .service(get_shield)
        .service(get_component_badge)
        .service(get_component_shield)
        .service(get_component_uptime);
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct BadgeQuery {
    /// The words on the left; the name of the page or component when left out.
    #[param(max_length = 60)]
    label: Option<String>,
    /// For which background; when left out, for the one the reader prefers.
    #[serde(default)]
    #[param(inline)]
    theme: Theme,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ComponentBadgeQuery {
    /// The words on the left; the name of the component when left out.
    #[param(max_length = 60)]
    label: Option<String>,
    /// For which background; when left out, for the one the reader prefers.
    #[serde(default)]
    #[param(inline)]
    theme: Theme,
    /// What the badge says: the status, or the uptime of 90 days.
    #[serde(default)]
    #[param(inline)]
    show: Show,
}

#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Show {
    #[default]
    Status,
    Uptime,
}

/// What a badge says.
struct Saying {
    label: String,
    message: String,
    tone: Tone,
}

impl Saying {
    fn picture(&self, theme: Theme) -> Document {
        picture(svg::badge(&self.label, &self.message, self.tone, theme))
    }

    fn shield(&self) -> Document {
        Document::json(&Shield::new(&self.label, &self.message, self.tone))
    }
}

fn picture(svg: String) -> Document {
    Document::new(svg.into_bytes()).of_type(svg::CONTENT_TYPE)
}

fn checked(label: Option<String>) -> Result<Option<String>, Problem> {
    if label.as_ref().is_some_and(|it| it.chars().count() > LABEL_MAX) {
        return Err(Problem::new(kind::MALFORMED).because("`label` may have 60 characters"));
    }
    Ok(label.filter(|it| !it.trim().is_empty()))
}

/// What is said of the page as readers of this kind see it.
fn of_page(state: &State, audience: Visibility, label: Option<String>) -> Result<Saying, Problem> {
    of_view(state, audience, |view| {
        let banner = view.banner();
        Ok(Saying {
            label: checked(label)?.unwrap_or_else(|| view.page.name.clone()),
            message: banner.description.to_lowercase(),
            tone: banner.indicator.into(),
        })
    })
}

fn of_component(
    state: &State,
    audience: Visibility,
    key: &str,
    label: Option<String>,
) -> Result<Saying, Problem> {
    of_view(state, audience, |view| {
        let component = find(view, key)?;
        Ok(Saying {
            label: checked(label)?.unwrap_or_else(|| component.name.clone()),
            message: svg::words(Some(component.status)).to_owned(),
            tone: component.status.into(),
        })
    })
}

fn of_view<T>(
    state: &State,
    audience: Visibility,
    say: impl FnOnce(&View) -> Result<T, Problem>,
) -> Result<T, Problem> {
    let pages = state.live.pages();
    say(pages.as_ref().and_then(|it| it.view(audience)).ok_or_else(Problem::unavailable)?)
}

fn find<'v>(view: &'v View, key: &str) -> Result<&'v Component, Problem> {
    let key = Key::from(key);
    let is_meant = |it: &&Component| match &key {
        Key::Id(id) => it.id == *id,
        Key::Slug(slug) => it.slug == *slug,
    };
    let found = view.components.iter().find(is_meant);
    found.ok_or_else(|| Problem::new(kind::NOT_FOUND).because("there is no such component"))
}

/// Get a badge of the page
///
/// An SVG picture that needs nothing but itself, for readmes and other pages.
#[utoipa::path(
    tag = "status",
    params(BadgeQuery),
    responses((status = 200, description = "A picture", body = String, content_type = "image/svg+xml"), Reading),
    security((), ("bearer" = [])),
)]
#[get("/badge.svg")]
async fn get_badge(
    req: HttpRequest,
    state: Data<State>,
    Audience(audience): Audience,
    QueryString(query): QueryString<BadgeQuery>,
) -> Result<HttpResponse, Problem> {
    let saying = ready(of_page(&state, audience, query.label)).await?;
    Ok(document::answer(&req, &state, &saying.picture(query.theme)))
}

/// Get what a badge of the page says
///
/// For shields.io: `https://img.shields.io/endpoint?url=…/badge.json`.
#[utoipa::path(
    tag = "status",
    responses((status = 200, description = "A badge in words", body = Shield), Reading),
    security((), ("bearer" = [])),
)]
#[get("/badge.json")]
async fn get_shield(
    req: HttpRequest,
    state: Data<State>,
    Audience(audience): Audience,
) -> Result<HttpResponse, Problem> {
    let saying = ready(of_page(&state, audience, None)).await?;
    Ok(document::answer(&req, &state, &saying.shield()))
}

/// Get a badge of a component
///
/// An SVG picture that says its status or, with `show=uptime`, its uptime of the last 90 days.
#[utoipa::path(
    tag = "components",
    params(("key" = String, Path, description = "Id or slug", max_length = 80), ComponentBadgeQuery),
    responses((status = 200, description = "A picture", body = String, content_type = "image/svg+xml"), Reading),
    security((), ("bearer" = [])),
)]
#[get("/components/{key}/badge.svg")]
async fn get_component_badge(
    req: HttpRequest,
    state: Data<State>,
    Audience(audience): Audience,
    key: Path<String>,
    QueryString(query): QueryString<ComponentBadgeQuery>,
) -> Result<HttpResponse, Problem> {
    let ComponentBadgeQuery { label, theme, show } = query;
    if let Show::Status = show {
        let saying = of_component(&state, audience, &key, label)?;
        return Ok(document::answer(&req, &state, &saying.picture(theme)));
    }
    let label = checked(label)?;
    uptime(req, state, audience, key.into_inner(), move |it| {
        let label = label.as_ref().unwrap_or(&it.name);
        picture(svg::uptime_badge(label, it.figures.uptime_percent.map(f64::from), theme))
    })
    .await
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ComponentShieldQuery {
    /// What the badge says: the status, or the uptime of 90 days.
    #[serde(default)]
    #[param(inline)]
    show: Show,
}

/// Get what a badge of a component says
///
/// For shields.io: `https://img.shields.io/endpoint?url=…/components/api/badge.json`.
#[utoipa::path(
    tag = "components",
    params(("key" = String, Path, description = "Id or slug", max_length = 80), ComponentShieldQuery),
    responses((status = 200, description = "A badge in words", body = Shield), Reading),
    security((), ("bearer" = [])),
)]
#[get("/components/{key}/badge.json")]
async fn get_component_shield(
    req: HttpRequest,
    state: Data<State>,
    Audience(audience): Audience,
    key: Path<String>,
    QueryString(query): QueryString<ComponentShieldQuery>,
) -> Result<HttpResponse, Problem> {
    if let Show::Status = query.show {
        let saying = of_component(&state, audience, &key, None)?;
        return Ok(document::answer(&req, &state, &saying.shield()));
    }
    uptime(req, state, audience, key.into_inner(), |it| {
        let percent = it.figures.uptime_percent.map(f64::from);
        Document::json(&Shield::of_uptime(&it.name, percent))
    })
    .await
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PlotQuery {
    /// For which background; when left out, for the one the reader prefers.
    #[serde(default)]
    #[param(inline)]
    theme: Theme,
}

/// Get a plot of a component's last 90 days
///
/// An SVG picture with a bar for each day, which says the worst status and the uptime of the day.
#[utoipa::path(
    tag = "components",
    params(("key" = String, Path, description = "Id or slug", max_length = 80), PlotQuery),
    responses((status = 200, description = "A picture", body = String, content_type = "image/svg+xml"), Reading),
    security((), ("bearer" = [])),
)]
#[get("/components/{key}/uptime.svg")]
async fn get_component_uptime(
    req: HttpRequest,
    state: Data<State>,
    Audience(audience): Audience,
    key: Path<String>,
    QueryString(query): QueryString<PlotQuery>,
) -> Result<HttpResponse, Problem> {
    uptime(req, state, audience, key.into_inner(), move |it| {
        let days = it.figures.days.iter().flatten().map(|it| svg::Day {
            date: it.date,
            uptime_percent: it.uptime_percent.map(f64::from),
            worst: it.seconds.worst(),
        });
        picture(svg::bars(&it.name, days, query.theme))
    })
    .await
}

/// A document about a component's last 90 days.
async fn uptime(
    req: HttpRequest,
    state: Data<State>,
    audience: Visibility,
    key: String,
    draw: impl Fn(&ComponentUptime) -> Document + Send + Sync + 'static,
) -> Result<HttpResponse, Problem> {
    let subject = Subject::Component(key.as_str().into());
    let query = Query { subject, from: None, to: None, granularity: Granularity::Day };
    document::kept(&req, &state, audience, move |db: &mut Read<'_>| {
        let uptime = app::uptime::document(db, audience, &query)?;
        let component = uptime.components.first().ok_or(Error::NotFound("component"))?;
        Ok(Made { document: draw(component), until: uptime.good_until() })
    })
    .await
}
