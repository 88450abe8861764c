//! What the storage of incidents and of maintenances has in common.
use std::collections::{BTreeMap, HashMap};

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Text, Uuid as SqlUuid};
use domain::caller::Visibility;
use domain::component::{self, Component};
use domain::timeline::{Affected, Change, Effect, UpdatedComponent};
use serde::Deserialize as _;
use serde_json::Value;
use uuid::Uuid;

use crate::prepared::Prepare as _;
use crate::schema::components;
use crate::word::Word;
use crate::{DbError, Read, Write};

/// Bytes of the texts of one thing that are searched, the newest first.
const SEARCHED_MAX: usize = 256 * 1024;

/// How callers name an incident or a maintenance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    Id(Uuid),
    Number(i64),
}

/// A component as timelines name it.
#[derive(Clone, Queryable, Selectable)]
#[diesel(table_name = components, check_for_backend(diesel::pg::Pg))]
pub(crate) struct Named {
    id: Uuid,
    slug: String,
    name: String,
    visibility: Word<Visibility>,
    position: i32,
}

impl From<&Component> for Named {
    fn from(component: &Component) -> Self {
        let Component { id, slug, name, visibility, position, .. } = component;
        Self {
            id: *id,
            slug: slug.clone(),
            name: name.clone(),
            visibility: Word(*visibility),
            position: *position,
        }
    }
}

/// The present names of components.
pub(crate) fn named(
    db: &mut Read<'_>,
    mut ids: Vec<Uuid>,
) -> Result<BTreeMap<Uuid, Named>, DbError> {
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let named = components::table.filter(components::id.eq_any(ids));
    let named: Vec<Named> = named.select(Named::as_select()).load(db.conn)?;
    Ok(named.into_iter().map(|it| (it.id, it)).collect())
}

/// Components with what is said of them, in page order.
pub(crate) fn affected(
    statuses: &BTreeMap<Uuid, component::Status>,
    named: &BTreeMap<Uuid, Named>,
) -> Vec<Affected> {
    let mut affected: Vec<(i32, Affected)> = statuses
        .iter()
        .filter_map(|(id, status)| {
            let Named { id, slug, name, visibility: Word(visibility), position } =
                named.get(id)?.clone();
            Some((position, Affected { id, slug, name, status: *status, visibility }))
        })
        .collect();
    affected.sort_by_key(|(position, it)| (*position, it.id));
    affected.into_iter().map(|(_, it)| it).collect()
}

/// What an update changed, with the names of the components.
pub(crate) fn updated(changes: &[Change], named: &BTreeMap<Uuid, Named>) -> Vec<UpdatedComponent> {
    let dress = |change: &Change| {
        let Named { id, slug, name, visibility: Word(visibility), position: _ } =
            named.get(&change.component)?.clone();
        let Change { component: _, old: old_status, new: new_status } = *change;
        Some(UpdatedComponent { id, slug, name, old_status, new_status, visibility })
    };
    changes.iter().filter_map(dress).collect()
}

/// Components that a filter names. An internal one is none that a reader of public things may ask
/// about.
pub(crate) fn components_named(
    visibility: Option<Visibility>,
    component: Option<Uuid>,
    group: Option<Uuid>,
) -> components::BoxedQuery<'static, diesel::pg::Pg, diesel::sql_types::Uuid> {
    let mut named = components::table.select(components::id).into_boxed();
    if let Some(visibility) = visibility {
        named = named.filter(components::visibility.eq(Word(visibility)));
    }
    if let Some(component) = component {
        named = named.filter(components::id.eq(component));
    }
    if let Some(group) = group {
        named = named.filter(components::group_id.eq(group));
    }
    named
}

/// Puts updates to the things they belong to; second, all components that they name.
pub(crate) fn by_subject<U>(
    updates: Vec<U>,
    subject: impl Fn(&U) -> (Uuid, &Value),
) -> (HashMap<Uuid, Vec<U>>, Vec<Uuid>) {
    let mut by_subject: HashMap<Uuid, Vec<U>> = HashMap::new();
    let mut touched = Vec::new();
    for update in updates {
        let (id, said) = subject(&update);
        touched.extend(effects(said).iter().map(|it| it.component));
        by_subject.entry(id).or_default().push(update);
    }
    (by_subject, touched)
}

/// Effects as a JSON column.
pub(crate) fn as_column(effects: &[Effect]) -> Value {
    serde_json::json!(effects)
}

/// The effects in a JSON column, which only [`as_column`] writes.
pub(crate) fn effects(column: &Value) -> Vec<Effect> {
    Vec::deserialize(column).unwrap_or_default()
}

/// What is searched: as much as fits. Postgres refuses a `tsvector` of more than 1 MiB.
pub(crate) fn searchable<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for part in texts {
        text.push_str(part);
        text.push('\n');
        if text.len() > SEARCHED_MAX {
            text.truncate(text.floor_char_boundary(SEARCHED_MAX));
            break;
        }
    }
    text
}

/// Writes down what is said of components with a statement that takes the id of the thing, the
/// components and their statuses.
pub(crate) fn set_statuses(
    db: &mut Write<'_>,
    statement: &'static str,
    id: Uuid,
    statuses: &BTreeMap<Uuid, component::Status>,
) -> Result<(), DbError> {
    if statuses.is_empty() {
        return Ok(());
    }
    let (components, statuses): (Vec<Uuid>, Vec<&str>) =
        statuses.iter().map(|(component, said)| (*component, said.as_str())).unzip();
    diesel::sql_query(statement)
        .bind::<SqlUuid, _>(id)
        .bind::<Array<SqlUuid>, _>(components)
        .bind::<Array<Text>, _>(statuses)
        .prepared()
        .run(db.conn)?;
    Ok(())
}

/// Makes callers with the same deduplication keys take turns until their transactions end. Keys of
/// different kinds of things differ by `kind`.
pub(crate) fn lock_keys(db: &mut Write<'_>, keys: &[&str], kind: i64) -> Result<(), DbError> {
    diesel::sql_query(
        "select pg_advisory_xact_lock(number) from (
             select distinct hashtextextended(key, $2) as number from unnest($1) as given (key)
             order by number) locks",
    )
    .bind::<Array<Text>, _>(keys)
    .bind::<BigInt, _>(kind)
    .prepared()
    .run(db.conn)?;
    Ok(())
}

/// The sequence of numbers does not go back when a rehearsal is taken back, so a thing that is
/// rehearsed has a number below zero, and one of its own, lest rehearsals wait for each other.
pub(crate) fn rehearsed_number(db: &Write<'_>, id: Uuid) -> Option<i64> {
    let (_, random) = id.as_u64_pair();
    db.is_rehearsal().then(|| -i64::try_from(random >> 2).unwrap_or(i64::MAX) - 1)
}

/// Declares the row of an update: a table, the column of the thing it belongs to, and the module of
/// `domain` that knows its states.
macro_rules! update_rows {
    ($table:ident, $subject:ident, $noun:ident) => {
        #[derive(Queryable, Selectable, Insertable, AsChangeset)]
        #[diesel(table_name = $table, check_for_backend(diesel::pg::Pg), treat_none_as_null = true)]
        pub(super) struct UpdateRow {
            id: Uuid,
            pub(super) $subject: Uuid,
            status: Word<domain::$noun::Status>,
            message: String,
            message_html: String,
            effects: Value,
            notify: bool,
            display_at: DateTime<Utc>,
            author: String,
            created_at: DateTime<Utc>,
            updated_at: DateTime<Utc>,
        }

        impl UpdateRow {
            pub(super) fn of(
                subject: Uuid,
                update: &domain::$noun::Update,
                effects: &[domain::timeline::Effect],
            ) -> Self {
                Self {
                    id: update.id,
                    $subject: subject,
                    status: Word(update.status),
                    message: update.message.clone(),
                    message_html: update.message_html.clone(),
                    effects: crate::timeline::as_column(effects),
                    notify: update.notify,
                    display_at: update.display_at,
                    author: update.author.clone().unwrap_or_default(),
                    created_at: update.created_at,
                    updated_at: update.updated_at,
                }
            }

            pub(super) fn entry(&self) -> domain::$noun::Entry {
                domain::$noun::Entry {
                    id: self.id,
                    status: self.status.0,
                    display_at: self.display_at,
                    effects: crate::timeline::effects(&self.effects),
                }
            }

            /// The updates with what each changed, newest first.
            fn all(
                rows: Vec<Self>,
                said: &mut domain::timeline::Said,
                named: &BTreeMap<Uuid, crate::timeline::Named>,
            ) -> Vec<domain::$noun::Update> {
                let mut updates: Vec<domain::$noun::Update> = rows
                    .into_iter()
                    .map(|it| {
                        let changes = said.changes.remove(&it.id).unwrap_or_default();
                        it.dress(&changes, named)
                    })
                    .collect();
                updates.sort_by_key(|it| std::cmp::Reverse((it.display_at, it.id)));
                updates
            }

            fn dress(
                self,
                changes: &[domain::timeline::Change],
                named: &BTreeMap<Uuid, crate::timeline::Named>,
            ) -> domain::$noun::Update {
                let Self {
                    id,
                    $subject: _,
                    status: Word(status),
                    message,
                    message_html,
                    effects: _,
                    notify,
                    display_at,
                    author,
                    created_at,
                    updated_at,
                } = self;
                domain::$noun::Update {
                    id,
                    status,
                    message,
                    message_html,
                    components: crate::timeline::updated(changes, named),
                    notify,
                    display_at,
                    author: Some(author),
                    created_at,
                    updated_at,
                }
            }
        }
    };
}
pub(crate) use update_rows;
