//! The people who may sign in.
use domain::caller::{Caller, Role, Scope};
use domain::event::{Event, Record};
use domain::user::User;
use persistence::{session, user};
use serde_json::json;
use uuid::Uuid;

use crate::error::check_version;
use crate::{Db, Error, Page, Read, Window, Write, password};

/// What it takes to add a user.
#[derive(Clone)]
pub struct NewUser {
    pub email: String,
    pub name: String,
    pub role: Role,
    pub password: String,
}

/// What may be edited of a user; what is absent stays.
#[derive(Clone, Default)]
pub struct Edit {
    pub email: Option<String>,
    pub name: Option<String>,
    pub role: Option<Role>,
    pub disabled: Option<bool>,
    /// The hash of a new password, see [`password::hash`].
    pub password_hash: Option<String>,
}

/// The user.
pub fn find(db: &mut Read<'_>, caller: &Caller, id: Uuid) -> Result<User, Error> {
    caller.must(Scope::Admin)?;
    user::find(db, id).map_err(Error::missing("user"))
}

/// The user behind a caller who is a person.
pub fn me(db: &mut Read<'_>, caller: &Caller) -> Result<User, Error> {
    let (id, _) = crate::session::person(caller)?;
    user::find(db, id).map_err(Error::missing("user"))
}

/// Users, newest first.
pub fn page(db: &mut Read<'_>, caller: &Caller, window: Window) -> Result<Page<User>, Error> {
    caller.must(Scope::Admin)?;
    Ok(user::page(db, window)?)
}

/// Adds a user. `password_hash` comes from [`password::hash`], which takes too long for a
/// transaction.
pub fn create(
    db: &mut Write<'_>,
    caller: &Caller,
    new: &NewUser,
    password_hash: &str,
) -> Result<User, Error> {
    caller.must(Scope::Admin)?;
    let now = db.now()?;
    let created = User {
        id: Uuid::now_v7(),
        email: new.email.clone(),
        name: new.name.clone(),
        role: new.role,
        disabled: false,
        last_login_at: None,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let taken = Error::taken(user::EMAIL_TAKEN, "the e-mail address");
    user::insert(db, &created, password_hash).map_err(taken)?;
    db.emit(caller, now, vec![record(Record::UserCreated, &created)])?;
    Ok(created)
}

/// Changes a user. Less to do, or another password, ends their sessions.
pub fn edit(
    db: &mut Write<'_>,
    caller: &Caller,
    id: Uuid,
    expected: Option<i64>,
    edit: Edit,
) -> Result<User, Error> {
    caller.must(Scope::Admin)?;
    let admins = user::count_admins(db)?;
    let before = user::lock(db, id).map_err(Error::missing("user"))?;
    check_version(expected, before.version)?;
    let now = db.now()?;
    let Edit { email, name, role, disabled, password_hash } = edit;
    let after = User {
        email: email.unwrap_or_else(|| before.email.clone()),
        name: name.unwrap_or_else(|| before.name.clone()),
        role: role.unwrap_or(before.role),
        disabled: disabled.unwrap_or(before.disabled),
        version: before.version + 1,
        updated_at: now,
        ..before.clone()
    };
    let was_admin = before.role == Role::Admin && !before.disabled;
    let is_admin = after.role == Role::Admin && !after.disabled;
    if was_admin && !is_admin && admins == 1 {
        return Err(Error::Conflict("this is the last admin"));
    }
    user::update(db, &after).map_err(Error::taken(user::EMAIL_TAKEN, "the e-mail address"))?;
    if let Some(hash) = &password_hash {
        user::set_password(db, id, hash)?;
    }
    if after.role < before.role || after.disabled || password_hash.is_some() {
        session::revoke_others(db, id, None, now)?;
    }
    db.access_changed();
    db.emit(caller, now, vec![record(Record::UserEdited, &after)])?;
    Ok(after)
}

/// Removes a user and their sessions. Tokens they made go on working: machines depend on them.
pub fn delete(
    db: &mut Write<'_>,
    caller: &Caller,
    id: Uuid,
    expected: Option<i64>,
) -> Result<(), Error> {
    caller.must(Scope::Admin)?;
    let admins = user::count_admins(db)?;
    let found = user::lock(db, id).map_err(Error::missing("user"))?;
    check_version(expected, found.version)?;
    if found.role == Role::Admin && !found.disabled && admins == 1 {
        return Err(Error::Conflict("this is the last admin"));
    }
    let now = db.now()?;
    user::delete(db, id)?;
    db.access_changed();
    db.emit(caller, now, vec![record(Record::UserDeleted, &found)])?;
    Ok(())
}

/// Makes the first admin of an empty database; nothing when somebody is there already.
pub fn first_admin(db: &Db, email: &str, password: &str) -> Result<Option<User>, Error> {
    if db.read::<_, Error>(|db| Ok(user::exists(db)?))? {
        return Ok(None);
    }
    let hash = password::hash(password)?;
    let new = NewUser {
        email: email.to_owned(),
        name: "Admin".to_owned(),
        role: Role::Admin,
        password: String::new(),
    };
    match db.write(|db| create(db, &Caller::system(), &new, &hash)) {
        // Another process was quicker.
        Err(Error::Taken(_)) => Ok(None),
        made => made.map(Some),
    }
}

fn record(kind: Record, user: &User) -> Event {
    Event::unseen(kind, json!(user))
}
