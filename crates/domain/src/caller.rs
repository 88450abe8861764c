//! Who is asking, and what they may do.
use uuid::Uuid;

use crate::words::words;

words! {
    /// What a person may do; each role includes the ones before it.
    Role {
        /// Reads everything, internal things too.
        Viewer = "viewer",
        /// Runs incidents and maintenances, and sets what components report.
        Responder = "responder",
        /// Everything.
        Admin = "admin",
    }
}

words! {
    /// What a token may do.
    Scope {
        /// Read everything, internal things too.
        Read = "read",
        /// Write incidents.
        Incidents = "incidents",
        /// Write maintenances.
        Maintenances = "maintenances",
        /// Write components and groups.
        Components = "components",
        /// Read and write subscriptions and deliveries.
        Subscriptions = "subscriptions",
        /// Send monitor signals.
        Signals = "signals",
        /// Everything, users and tokens included.
        Admin = "admin",
    }
}

impl Role {
    /// The scopes that make up the role.
    pub const fn scopes(self) -> &'static [Scope] {
        use Scope::{Admin, Components, Incidents, Maintenances, Read, Signals};
        match self {
            Self::Viewer => &[Read],
            Self::Responder => &[Read, Incidents, Maintenances, Components, Signals],
            Self::Admin => &[Admin],
        }
    }
}

/// Who stands behind a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A person, in the session named.
    User { id: Uuid, session: Uuid },
    /// A machine with an API token.
    Token { id: Uuid },
    /// Farol itself: a worker or a subcommand.
    System,
}

/// An authenticated caller: what use cases ask before they act.
#[derive(Clone, Debug)]
pub struct Caller {
    pub actor: Actor,
    /// What updates and logs show: the name of the user or token.
    pub name: String,
    pub scopes: Vec<Scope>,
    /// `X-Request-Id` of the request, for the event log.
    pub request_id: Option<String>,
}

/// The caller lacks a scope.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the scope `{needed}` is required")]
pub struct Denied {
    pub needed: Scope,
}

impl Caller {
    /// Farol itself, which may do everything.
    pub fn system() -> Self {
        Self {
            actor: Actor::System,
            name: "Farol".to_owned(),
            scopes: vec![Scope::Admin],
            request_id: None,
        }
    }

    /// Whether the caller holds `scope`; `admin` holds all.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.iter().any(|held| *held == scope || *held == Scope::Admin)
    }

    /// Refuses a caller without `scope`.
    pub fn must(&self, needed: Scope) -> Result<(), Denied> {
        if self.may(needed) { Ok(()) } else { Err(Denied { needed }) }
    }
}

impl std::fmt::Display for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::User { id, .. } => write!(f, "user:{id}"),
            Self::Token { id } => write!(f, "token:{id}"),
            Self::System => f.write_str("system"),
        }
    }
}

words! {
    /// Who gets to see a thing.
    Visibility {
        /// Everybody.
        Public = "public",
        /// Callers with the scope `read`.
        Internal = "internal",
    }
}

/// What nobody said is for everybody is not.
impl Default for Visibility {
    fn default() -> Self {
        Self::Internal
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_nest() {
        let caller = |role: Role| Caller { scopes: role.scopes().to_vec(), ..Caller::system() };
        let table: Vec<String> = Role::ALL
            .iter()
            .map(|role| {
                let row: String = Scope::ALL
                    .iter()
                    .map(|scope| if caller(*role).may(*scope) { 'x' } else { '.' })
                    .collect();
                format!("{row} {role}")
            })
            .collect();
        assert_eq!(table, ["x...... viewer", "xxxx.x. responder", "xxxxxxx admin"]);
    }
}
