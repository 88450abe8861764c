//! What a newcomer sees at the terminal.
use app::{Db, Error};
use aws_lc_rs::rand;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::caller::{Caller, Scope};

use crate::config::{Config, Secret};

/// Bytes of chance in a password made for the first admin.
const PASSWORD_BYTES: usize = 18;
/// What the token for the first steps may do: everything but administration.
const FIRST_SCOPES: [Scope; 6] = [
    Scope::Read,
    Scope::Incidents,
    Scope::Maintenances,
    Scope::Components,
    Scope::Subscriptions,
    Scope::Signals,
];

/// Makes the first admin of an empty database and says how to sign in. Returns what to print.
pub fn first_start(config: &Config, db: &Db) -> Result<Option<String>, String> {
    let made = config.admin_password.is_none();
    let password = match &config.admin_password {
        Some(password) => password.clone(),
        None => random_password()?,
    };
    let admin = app::user::first_admin(db, &config.admin_email, password.expose())
        .map_err(|it| it.to_string())?;
    let Some(admin) = admin else { return Ok(None) };
    let shown = if made { password.expose() } else { "(as in FAROL_ADMIN_PASSWORD)" };
    let mut text = format!(
        "\n  First start. The admin, shown this once:\n\n    e-mail    {}\n    password  {shown}\n",
        admin.email
    );
    if config.database_url.is_none() {
        text.push_str(&first_token(config, db)?);
    }
    Ok(Some(text))
}

fn random_password() -> Result<Secret, String> {
    let mut bytes = [0; PASSWORD_BYTES];
    rand::fill(&mut bytes).map_err(|it| it.to_string())?;
    Ok(Secret::new(BASE64_URL_SAFE_NO_PAD.encode(bytes)))
}

fn first_token(config: &Config, db: &Db) -> Result<String, String> {
    let new = app::token::NewToken {
        name: "First steps".to_owned(),
        scopes: FIRST_SCOPES.to_vec(),
        expires_at: None,
    };
    let (_, secret) = db
        .write::<_, Error>(|db| app::token::create(db, &Caller::system(), new))
        .map_err(|it| it.to_string())?;
    let url = &config.public_url;
    Ok(format!(
        r#"
  A token for monitors and scripts, shown this once:

    {secret}

  Open a first incident:

    curl -sS {url}/api/v1/incidents \
      -H 'Authorization: Bearer {secret}' \
      -H 'Content-Type: application/json' \
      -d '{{"title": "First light", "message": "Trying out Farol."}}'
"#
    ))
}

/// Where everything is.
pub fn addresses(config: &Config) -> String {
    let url = &config.public_url;
    let page = if config.example_page { "/" } else { "/api/v1/status" };
    format!(
        "\n  Farol is running.\n\n    page      {url}{page}\n    docs      {url}/docs/\n    contract  {url}/openapi.json\n    metrics   {url}/metrics\n"
    )
}
