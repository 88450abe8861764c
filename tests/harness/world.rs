//! One Farol, its database, and somebody who may do everything.
use std::ops::Deref;
use std::process::ExitStatus;
use std::time::Duration;

use diesel::{PgConnection, RunQueryDsl as _, sql_query};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::client::{Client, Reply};
use crate::cluster::{Cluster, Database};
use crate::folder::Folder;
use crate::node::{ADMIN_EMAIL, ADMIN_PASSWORD, Env, Node, settings};
use crate::poll::eventually;

/// How long a Farol may take to come up, migrations included.
const UP_WITHIN: Duration = Duration::from_secs(30);

/// Another Farol on the same database. Speaks for the admin.
pub struct Replica {
    client: Client,
    pub node: Node,
}

/// A Farol on a database of its own. Speaks for the admin.
pub struct World {
    replica: Replica,
    database: Database<'static>,
    folder: Folder,
    env: Env,
}

impl Replica {
    /// Starts a Farol and waits until it serves.
    pub async fn start(env: Env, folder: &Folder) -> Self {
        Self::start_as(&["serve"], env, folder).await
    }

    async fn start_as(args: &[&'static str], env: Env, folder: &Folder) -> Self {
        let node = Node::start_as(args, env, folder.path());
        let mut replica = Self { client: Client::new(&node.base()), node };
        replica.serves().await;
        replica
    }

    /// Starts it again after an end.
    pub async fn restart(&mut self) {
        self.node.spawn();
        self.serves().await;
    }

    async fn serves(&mut self) {
        let (client, node) = (self.client.anonymous(), &mut self.node);
        eventually(UP_WITHIN, || {
            assert_eq!(node.has_ended(), None, "it does not start");
            let ready = Reply::attempt(client.raw(reqwest::Method::GET, "/readyz"));
            async { ready.await.is_ok_and(|it| it.status == 200 || it.status == 401) }
        })
        .await;
    }

    async fn let_in(&mut self) {
        let login = json!({"email": ADMIN_EMAIL, "password": ADMIN_PASSWORD});
        let login = self.client.post("/api/v1/auth/login", &login).await.expect(200);
        let person = self.client.as_token(login.json["access_token"].as_str().expect("a token"));
        self.client = person.as_token(&token(&person, &["admin"]).await);
    }
}

async fn token(maker: &Client, scopes: &[&str]) -> String {
    let made = maker.post("/api/v1/tokens", &json!({"name": "test", "scopes": scopes})).await;
    made.expect(201).json["token"].as_str().expect("a secret").to_owned()
}

impl Deref for Replica {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Deref for World {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.replica.client
    }
}

impl World {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// One whose environment is changed first.
    pub async fn with(change: impl FnOnce(&mut Env)) -> Self {
        Self::on(Cluster::shared(), change).await
    }

    /// One on a cluster of its own, which a test may break.
    pub async fn on(cluster: &'static Cluster, change: impl FnOnce(&mut Env)) -> Self {
        let (database, folder) = (cluster.database(), Folder::new());
        let mut env = settings();
        env.insert("DATABASE_URL".to_owned(), database.url());
        change(&mut env);
        let mut replica = Replica::start(env.clone(), &folder).await;
        replica.let_in().await;
        Self { replica, database, folder, env }
    }

    /// A person's access to the API, signed in as the admin.
    pub async fn person(&self) -> Client {
        self.sign_in(ADMIN_EMAIL, ADMIN_PASSWORD).await
    }

    /// Signs in.
    ///
    /// # Panics
    /// When that is refused.
    pub async fn sign_in(&self, email: &str, password: &str) -> Client {
        let login = json!({"email": email, "password": password});
        let login = self.anonymous().post("/api/v1/auth/login", &login).await.expect(200);
        self.as_token(login.json["access_token"].as_str().expect("a token"))
    }

    /// A new token with these scopes.
    pub async fn token(&self, scopes: &[&str]) -> Client {
        self.as_token(&token(self, scopes).await)
    }

    /// A new user, as shown.
    pub async fn user(&self, email: &str, password: &str, role: &str) -> Value {
        let new = json!({"email": email, "name": email, "role": role, "password": password});
        self.post("/api/v1/users", &new).await.expect(201).json
    }

    /// A new component, as shown.
    pub async fn component(&self, name: &str) -> Value {
        self.post("/api/v1/components", &json!({"name": name})).await.expect(201).json
    }

    /// A new incident, as shown.
    pub async fn incident(&self, new: Value) -> Value {
        self.post("/api/v1/incidents", &new).await.expect(201).json
    }

    pub fn db(&self) -> PgConnection {
        self.database.connect()
    }

    pub fn env(&self) -> &Env {
        &self.env
    }

    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Moves the service's clock away from the wall's.
    ///
    /// # Panics
    /// When the database is gone.
    pub fn set_clock(&self, offset: chrono::Duration) {
        let micros = offset.num_microseconds().expect("less than a geological age");
        let now = format!(
            "create or replace function farol_now() returns timestamptz language sql volatile \
             as $$ select clock_timestamp() + interval '{micros} microseconds' $$"
        );
        sql_query(now).execute(&mut self.db()).expect("a clock");
    }

    pub fn kill(&mut self) {
        self.replica.node.kill();
    }

    pub fn terminate(&mut self) -> (ExitStatus, Duration) {
        self.replica.node.stop(Signal::SIGTERM)
    }

    /// Starts again on the same port and database.
    pub async fn start(&mut self) {
        self.replica.restart().await;
    }

    /// Starts again on the same port while the database is away, and waits until it lives.
    pub async fn start_without_database(&mut self) {
        self.replica.node.spawn();
        let client = self.anonymous();
        eventually(UP_WITHIN, || async {
            let lives = Reply::attempt(client.raw(reqwest::Method::GET, "/healthz"));
            lives.await.is_ok_and(|it| it.status == 200)
        })
        .await;
    }

    /// Another Farol on the same database.
    pub async fn second_replica(&self) -> Replica {
        self.replica_as(&["serve"]).await
    }

    /// Another one with arguments of its own.
    pub async fn replica_as(&self, args: &[&'static str]) -> Replica {
        let mut replica = Replica::start_as(args, self.env.clone(), &self.folder).await;
        replica.client = self.at(replica.client.base());
        replica
    }

    pub fn stderr(&self) -> String {
        self.replica.node.stderr()
    }
}
