//! People who sign in.
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text, Timestamptz};
use domain::caller::Role;
use domain::user::User;
use uuid::Uuid;

use crate::cursor::{Cursor, Page, Window};
use crate::schema::users;
use crate::word::Word;
use crate::{DbError, Read, Write};

/// Name of the constraint that keeps e-mail addresses unique.
pub const EMAIL_TAKEN: &str = "users_email_key";

#[diesel::declare_sql_function]
extern "SQL" {
    fn lower(text: Text) -> Text;
}

/// The user.
pub fn find(db: &mut Read<'_>, id: Uuid) -> Result<User, DbError> {
    let row: Row = users::table.find(id).select(Row::as_select()).first(db.conn)?;
    Ok(row.into())
}

/// The user, locked until the transaction ends.
pub fn lock(db: &mut Write<'_>, id: Uuid) -> Result<User, DbError> {
    let row: Row = users::table.find(id).for_update().select(Row::as_select()).first(db.conn)?;
    Ok(row.into())
}

/// The user with this address and the hash of their password.
pub fn by_email(db: &mut Read<'_>, email: &str) -> Result<Option<(User, String)>, DbError> {
    let found: Option<(Row, String)> = users::table
        .filter(lower(users::email).eq(email.to_lowercase()))
        .select((Row::as_select(), users::password_hash))
        .first(db.conn)
        .optional()?;
    Ok(found.map(|(row, hash)| (row.into(), hash)))
}

/// The hash of a user's password.
pub fn password_hash(db: &mut Read<'_>, id: Uuid) -> Result<String, DbError> {
    Ok(users::table.find(id).select(users::password_hash).first(db.conn)?)
}

/// Users, newest first.
pub fn page(db: &mut Read<'_>, window: Window) -> Result<Page<User>, DbError> {
    let mut query = users::table.into_boxed();
    if let Some(Cursor { id, .. }) = window.after {
        query = query.filter(users::id.lt(id));
    }
    let rows: Vec<Row> = query
        .order(users::id.desc())
        .limit(window.fetch())
        .select(Row::as_select())
        .load(db.conn)?;
    Ok(window.cut(rows, |row| Cursor { key: 0, id: row.id }).map(User::from))
}

/// How many admins could sign in, counted while nobody else may change users.
pub fn count_admins(db: &mut Write<'_>) -> Result<i64, DbError> {
    let admins: Vec<Uuid> = users::table
        .filter(users::role.eq(Word(Role::Admin)).and(users::disabled.eq(false)))
        .order(users::id)
        .for_update()
        .select(users::id)
        .load(db.conn)?;
    Ok(i64::try_from(admins.len()).unwrap_or(i64::MAX))
}

/// Whether there is any user at all.
pub fn exists(db: &mut Read<'_>) -> Result<bool, DbError> {
    let any = users::table.select(users::id);
    Ok(diesel::select(diesel::dsl::exists(any)).get_result(db.conn)?)
}

/// Adds a user. May violate [`EMAIL_TAKEN`].
pub fn insert(db: &mut Write<'_>, user: &User, password_hash: &str) -> Result<(), DbError> {
    diesel::insert_into(users::table)
        .values((Row::from(user), users::password_hash.eq(password_hash)))
        .execute(db.conn)?;
    Ok(())
}

/// Writes a user back. May violate [`EMAIL_TAKEN`].
pub fn update(db: &mut Write<'_>, user: &User) -> Result<(), DbError> {
    diesel::update(users::table.find(user.id)).set(Row::from(user)).execute(db.conn)?;
    Ok(())
}

/// Sets another password.
pub fn set_password(db: &mut Write<'_>, id: Uuid, hash: &str) -> Result<(), DbError> {
    diesel::update(users::table.find(id)).set(users::password_hash.eq(hash)).execute(db.conn)?;
    Ok(())
}

/// Removes a user and their sessions.
pub fn delete(db: &mut Write<'_>, id: Uuid) -> Result<(), DbError> {
    diesel::delete(users::table.find(id)).execute(db.conn)?;
    Ok(())
}

/// Until when signing in under this key is refused, if it is.
pub fn blocked_until(db: &mut Read<'_>, key: &str) -> Result<Option<DateTime<Utc>>, DbError> {
    let until: Option<Until> = diesel::sql_query(
        "select blocked_until from sign_in_failures
         where key = $1 and blocked_until > (select farol_now())",
    )
    .bind::<Text, _>(key)
    .get_result(db.conn)
    .optional()?;
    Ok(until.map(|it| it.blocked_until))
}

/// Counts a failed sign-in: after `free` of them the key is blocked for 1, 2, 4 … 900 seconds.
/// An hour without failure starts anew.
pub fn count_failure(db: &mut Write<'_>, key: &str, free: i64) -> Result<(), DbError> {
    diesel::sql_query(
        "insert into sign_in_failures as f (key, failures, blocked_until, updated_at)
         values ($1, 1, farol_now(), farol_now())
         on conflict (key) do update set
             failures = case when f.updated_at < farol_now() - interval '1 hour' then 1
                             else f.failures + 1 end,
             blocked_until = farol_now() + make_interval(secs =>
                 case when f.updated_at < farol_now() - interval '1 hour' or f.failures < $2 then 0
                      else least(900, 2 ^ least(f.failures - $2, 10)) end),
             updated_at = farol_now()",
    )
    .bind::<Text, _>(key)
    .bind::<BigInt, _>(free)
    .execute(db.conn)?;
    Ok(())
}

/// Forgets the failures of a key.
pub fn forgive(db: &mut Write<'_>, key: &str) -> Result<(), DbError> {
    use crate::schema::sign_in_failures;
    diesel::delete(sign_in_failures::table.find(key)).execute(db.conn)?;
    Ok(())
}

#[derive(QueryableByName)]
struct Until {
    #[diesel(sql_type = Timestamptz)]
    blocked_until: DateTime<Utc>,
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = users, check_for_backend(diesel::pg::Pg), treat_none_as_null = true)]
struct Row {
    id: Uuid,
    email: String,
    name: String,
    role: Word<Role>,
    disabled: bool,
    last_login_at: Option<DateTime<Utc>>,
    version: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Row> for User {
    fn from(row: Row) -> Self {
        let Row {
            id,
            email,
            name,
            role: Word(role),
            disabled,
            last_login_at,
            version,
            created_at,
            updated_at,
        } = row;
        Self { id, email, name, role, disabled, last_login_at, version, created_at, updated_at }
    }
}

impl From<&User> for Row {
    fn from(user: &User) -> Self {
        let User {
            id,
            email,
            name,
            role,
            disabled,
            last_login_at,
            version,
            created_at,
            updated_at,
        } = user.clone();
        let role = Word(role);
        Self { id, email, name, role, disabled, last_login_at, version, created_at, updated_at }
    }
}
