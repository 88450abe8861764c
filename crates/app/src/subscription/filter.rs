//! Whether a filter names things that there are.
use domain::caller::Visibility;
use domain::component::Key;
use domain::subscription::Filter;
use persistence::{component, group, incident};
use uuid::Uuid;

use crate::{DbError, Error, FieldError, Read};

/// Refuses ids of things that are not there, or not for whoever `sees` no more than that: the two
/// cannot be told apart. What was in the filter `before` may stay.
pub fn check(
    db: &mut Read<'_>,
    filter: &Filter,
    sees: Visibility,
    before: &Filter,
) -> Result<(), Error> {
    let mut wrong = Vec::new();
    let lists: [(&str, &[Uuid], &[Uuid], Look); 3] = [
        ("components", &filter.components, &before.components, component_visibility),
        ("groups", &filter.groups, &before.groups, group_visibility),
        ("incidents", &filter.incidents, &before.incidents, incident_visibility),
    ];
    for (list, ids, known, look) in lists {
        for (index, id) in ids.iter().enumerate().filter(|(_, id)| !known.contains(id)) {
            let is_seen = match look(db, *id) {
                Ok(visibility) => visibility == Visibility::Public || sees == Visibility::Internal,
                Err(DbError::NotFound) => false,
                Err(error) => return Err(error.into()),
            };
            if !is_seen {
                wrong.push(FieldError {
                    pointer: format!("/filter/{list}/{index}"),
                    code: "unknown",
                    detail: "there is no such id".to_owned(),
                });
            }
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(Error::Invalid(wrong)) }
}

type Look = fn(&mut Read<'_>, Uuid) -> Result<Visibility, DbError>;

fn component_visibility(db: &mut Read<'_>, id: Uuid) -> Result<Visibility, DbError> {
    Ok(component::find(db, &Key::Id(id))?.visibility)
}

fn group_visibility(db: &mut Read<'_>, id: Uuid) -> Result<Visibility, DbError> {
    Ok(group::find(db, &Key::Id(id))?.visibility)
}

fn incident_visibility(db: &mut Read<'_>, id: Uuid) -> Result<Visibility, DbError> {
    Ok(incident::find(db, incident::Key::Id(id))?.visibility)
}
