//! The OpenAPI document, read off the routes.
use std::future::ready;

use actix_web::web::{Bytes, ServiceConfig, get, redirect, resource};
use actix_web::{App, HttpResponse};
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{OpenApi, Ref, RefOr, Required, Server};
use utoipa::{Modify, OpenApi as _};
use utoipa_actix_web::AppExt;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::{examples, problem, responses, routes};

/// Where the document is served.
const PATH: &str = "/openapi.json";
const CHANNEL_CONFIG: &str = "ChannelConfig";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Farol",
        version = env!("CARGO_PKG_VERSION"),
        description = "A headless status page: components, incidents, and telling people about them.\n\nErrors are RFC 9457 problems. Every GET has an `ETag` and honours `If-None-Match`; PATCH, PUT and DELETE honour `If-Match`; every POST takes an `Idempotency-Key`. Lists are paged by `cursor`.",
        license(name = "MIT", identifier = "MIT"),
    ),
    tags(
        (name = "status", description = "The page as a whole"),
        (name = "statuspage", description = "The page as Statuspage's public API v2 has it, for the clients that exist"),
        (name = "uptime", description = "How much of the time it was up, and how often it was not"),
        (name = "components", description = "What people care about"),
        (name = "groups", description = "Components that belong together"),
        (name = "incidents", description = "What goes wrong, and what is said about it"),
        (name = "incident templates", description = "Incidents that are prepared"),
        (name = "maintenances", description = "What is planned, and what became of it"),
        (name = "subscriptions", description = "Who is told, and on which way"),
        (name = "self-service", description = "Subscribing oneself, and changing or ending that by the links in messages"),
        (name = "deliveries", description = "What was sent, and what came of it"),
        (name = "receipts", description = "What providers report of messages that they took"),
        (name = "message templates", description = "The operator's own wording of messages"),
        (name = "events", description = "What happened, who did it, and who was told"),
        (name = "auth", description = "Signing in and out"),
        (name = "users", description = "People who may sign in"),
        (name = "tokens", description = "Credentials of machines"),
        (name = "operations", description = "Running the service"),
    ),
    components(schemas(problem::Details)),
    modifiers(&Finish),
)]
struct Base;

struct Finish;

impl Modify for Finish {
    fn modify(&self, document: &mut OpenApi) {
        document.servers = Some(vec![Server::new("/")]);
        let components = document.components.get_or_insert_default();
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some(
                "An API token, or an access token from `POST /api/v1/auth/login`. The scopes an operation needs stand with it; `admin` includes all.",
            ))
            .build();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        components
            .responses
            .extend(responses::components().into_iter().map(|(name, it)| (name, RefOr::T(it))));
        let mut one_of = OneOfBuilder::new();
        for channel in channels::ALL {
            let name = format!("{CHANNEL_CONFIG}.{}", channel.kind());
            components.schemas.insert(name.clone(), channel.config_schema());
            components.schemas.extend(channel.nested_schemas());
            one_of = one_of.item(Ref::from_schema_name(name));
        }
        let one_of = Schema::OneOf(one_of.build());
        components.schemas.insert(CHANNEL_CONFIG.to_owned(), one_of.into());
    }
}

/// The schema of a channel's configuration.
pub fn channel_config() -> RefOr<Schema> {
    Ref::from_schema_name(CHANNEL_CONFIG).into()
}

/// The document. It is read off the routes, so it cannot know less than they do.
pub fn openapi() -> OpenApi {
    let app = App::new().into_utoipa_app().openapi(Base::openapi()).configure(routes);
    let (_, mut document) = app.split_for_parts();
    examples::add(&mut document);
    for item in document.paths.paths.values_mut() {
        if let Some(post) = &mut item.post {
            post.parameters.get_or_insert_default().push(RefOr::T(idempotency_key()));
        }
    }
    document
}

/// Every POST takes it.
fn idempotency_key() -> Parameter {
    let text = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(255))
        .pattern(Some("^[ -~]*[!-~][ -~]*$"))
        .build();
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "The same key and body within 24 hours get the first answer again, with `Idempotency-Replayed: true`",
        ))
        .schema(Some(text))
        .build()
}

/// The document at `/openapi.json`, as bytes: as a tree it takes megabytes, for each HTTP thread. And
/// Swagger UI at `/docs`, which loads nothing from elsewhere.
pub fn docs(document: Bytes) -> impl FnOnce(&mut ServiceConfig) {
    let answer =
        move || ready(HttpResponse::Ok().content_type("application/json").body(document.clone()));
    let config = Config::new([PATH]).validator_url("none").try_it_out_enabled(true);
    move |cfg| {
        cfg.service(resource(PATH).route(get().to(answer)))
            .service(redirect("/docs", "/docs/"))
            .service(SwaggerUi::new("/docs/{_:.*}").config(config));
    }
}
