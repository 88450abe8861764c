//! The columns of every table, for diesel. A test compares them with the migrated database.
diesel::table! {
    page (singleton) {
        singleton -> Bool,
        id -> Uuid,
        last_sequence -> Int8,
        public_events -> Int8,
        created_at -> Timestamptz,
    }
}
diesel::table! {
    idempotency_keys (principal, route, key_hash) {
        principal -> Text,
        route -> Text,
        key_hash -> Bytea,
        fingerprint -> Bytea,
        answer -> Nullable<Bytea>,
        created_at -> Timestamptz,
    }
}
diesel::table! {
    users (id) {
        id -> Uuid,
        email -> Text,
        name -> Text,
        password_hash -> Text,
        role -> Text,
        disabled -> Bool,
        last_login_at -> Nullable<Timestamptz>,
        version -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}
diesel::table! {
    sessions (id) {
        id -> Uuid,
        user_id -> Uuid,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        revoked_at -> Nullable<Timestamptz>,
    }
}
diesel::table! {
    refresh_tokens (hash) {
        hash -> Bytea,
        session_id -> Uuid,
        issued_at -> Timestamptz,
        rotated_at -> Nullable<Timestamptz>,
    }
}
diesel::table! {
    api_tokens (id) {
        id -> Uuid,
        name -> Text,
        prefix -> Text,
        hash -> Bytea,
        scopes -> Array<Text>,
        created_by -> Text,
        expires_at -> Nullable<Timestamptz>,
        last_used_at -> Nullable<Timestamptz>,
        revoked_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
    }
}
diesel::table! {
    sign_in_failures (key) {
        key -> Text,
        failures -> Int4,
        blocked_until -> Timestamptz,
        updated_at -> Timestamptz,
    }
}
diesel::table! {
    component_groups (id) {
        id -> Uuid,
        slug -> Text,
        name -> Text,
        description -> Nullable<Text>,
        position -> Int4,
        collapsed -> Bool,
        visibility -> Text,
        version -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        archived_at -> Nullable<Timestamptz>,
    }
}
diesel::table! {
    components (id) {
        id -> Uuid,
        slug -> Text,
        name -> Text,
        description -> Nullable<Text>,
        group_id -> Nullable<Uuid>,
        position -> Int4,
        visibility -> Text,
        reported_status -> Text,
        status -> Text,
        status_since -> Timestamptz,
        start_date -> Nullable<Date>,
        showcase -> Bool,
        only_show_if_degraded -> Bool,
        link -> Nullable<Text>,
        metadata -> Jsonb,
        version -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        archived_at -> Nullable<Timestamptz>,
        uptime_target -> Nullable<Int4>,
        ledger_version -> Int8,
        ledger_from -> Nullable<Timestamptz>,
        tallied_to -> Nullable<Date>,
        tallied_zone -> Nullable<Text>,
    }
}
diesel::table! {
    component_days (component_id, day) {
        component_id -> Uuid,
        day -> Date,
        under_maintenance -> Int8,
        degraded_performance -> Int8,
        partial_outage -> Int8,
        major_outage -> Int8,
        incident_ids -> Array<Uuid>,
    }
}
diesel::table! {
    component_reports (id) {
        id -> Int8,
        component_id -> Uuid,
        status -> Text,
        at -> Timestamptz,
        actor -> Text,
    }
}
diesel::table! {
    component_statuses (id) {
        id -> Int8,
        component_id -> Uuid,
        status -> Text,
        during -> Tstzrange,
        cause -> Text,
        incident_id -> Nullable<Uuid>,
        actor -> Text,
        recorded_at -> Timestamptz,
        superseded_at -> Nullable<Timestamptz>,
        maintenance_id -> Nullable<Uuid>,
    }
}
diesel::table! {
    incidents (id) {
        id -> Uuid,
        number -> Int8,
        title -> Text,
        status -> Text,
        impact -> Text,
        impact_override -> Nullable<Text>,
        visibility -> Text,
        started_at -> Timestamptz,
        identified_at -> Nullable<Timestamptz>,
        monitoring_at -> Nullable<Timestamptz>,
        resolved_at -> Nullable<Timestamptz>,
        dedup_key -> Nullable<Text>,
        source -> Text,
        pinned -> Bool,
        metadata -> Jsonb,
        postmortem_body -> Nullable<Text>,
        postmortem_html -> Nullable<Text>,
        postmortem_published_at -> Nullable<Timestamptz>,
        postmortem_updated_at -> Nullable<Timestamptz>,
        search_text -> Text,
        version -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        deleted_at -> Nullable<Timestamptz>,
    }
}
diesel::table! {
    incident_updates (id) {
        id -> Uuid,
        incident_id -> Uuid,
        status -> Text,
        message -> Text,
        message_html -> Text,
        effects -> Jsonb,
        notify -> Bool,
        display_at -> Timestamptz,
        author -> Text,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}
diesel::table! {
    incident_components (incident_id, component_id) {
        incident_id -> Uuid,
        component_id -> Uuid,
        status -> Text,
        is_over -> Bool,
    }
}
diesel::table! {
    maintenance_series (id) {
        id -> Uuid,
        recurrence -> Text,
        time_zone -> Text,
        starts_at -> Timestamptz,
        ends_at -> Timestamptz,
        template -> Jsonb,
        made_to -> Timestamptz,
        extend_at -> Nullable<Timestamptz>,
        source -> Text,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}
diesel::table! {
    maintenances (id) {
        id -> Uuid,
        number -> Int8,
        title -> Text,
        status -> Text,
        visibility -> Text,
        starts_at -> Timestamptz,
        ends_at -> Timestamptz,
        started_at -> Nullable<Timestamptz>,
        ended_at -> Nullable<Timestamptz>,
        auto_start -> Bool,
        auto_complete -> Bool,
        notify -> Bool,
        notify_on_start -> Bool,
        notify_on_completion -> Bool,
        remind_before_seconds -> Array<Int8>,
        recurrence -> Nullable<Text>,
        time_zone -> Nullable<Text>,
        series_id -> Nullable<Uuid>,
        recurrence_id -> Nullable<Timestamptz>,
        sequence -> Int8,
        dedup_key -> Nullable<Text>,
        source -> Text,
        metadata -> Jsonb,
        planned_at -> Timestamptz,
        reminders -> Array<Int8>,
        listed -> Bool,
        due_at -> Nullable<Timestamptz>,
        search_text -> Text,
        version -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        deleted_at -> Nullable<Timestamptz>,
    }
}
diesel::table! {
    maintenance_updates (id) {
        id -> Uuid,
        maintenance_id -> Uuid,
        status -> Text,
        message -> Text,
        message_html -> Text,
        effects -> Jsonb,
        notify -> Bool,
        display_at -> Timestamptz,
        author -> Text,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}
diesel::table! {
    maintenance_components (maintenance_id, component_id) {
        maintenance_id -> Uuid,
        component_id -> Uuid,
        status -> Text,
    }
}
diesel::table! {
    incident_templates (id) {
        id -> Uuid,
        slug -> Text,
        name -> Text,
        title -> Text,
        message -> Text,
        status -> Nullable<Text>,
        components -> Jsonb,
        impact_override -> Nullable<Text>,
        visibility -> Nullable<Text>,
        notify -> Nullable<Bool>,
        metadata -> Jsonb,
        version -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}
diesel::table! {
    message_templates (id) {
        id -> Uuid,
        channel -> Text,
        event -> Nullable<Text>,
        locale -> Nullable<Text>,
        subject -> Nullable<Text>,
        body -> Text,
        version -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}
diesel::table! {
    events (position) {
        position -> Int8,
        id -> Uuid,
        sequence -> Nullable<Int8>,
        kind -> Text,
        announce -> Bool,
        incident_id -> Nullable<Uuid>,
        component_ids -> Array<Uuid>,
        group_ids -> Array<Uuid>,
        subscription_id -> Nullable<Uuid>,
        impact -> Nullable<Text>,
        payload -> Json,
        public_payload -> Nullable<Json>,
        indicator -> Nullable<Text>,
        actor -> Text,
        request_id -> Nullable<Text>,
        created_at -> Timestamptz,
        expand_after -> Nullable<Uuid>,
        expanded_at -> Nullable<Timestamptz>,
        maintenance_id -> Nullable<Uuid>,
        numbered_after -> Nullable<Int8>,
    }
}
diesel::table! {
    subscriptions (id) {
        id -> Uuid,
        channel -> Text,
        label -> Nullable<Text>,
        config -> Jsonb,
        secrets -> Bytea,
        signing_secret -> Nullable<Bytea>,
        previous_secret -> Nullable<Bytea>,
        previous_secret_until -> Nullable<Timestamptz>,
        component_ids -> Array<Uuid>,
        group_ids -> Array<Uuid>,
        incident_ids -> Array<Uuid>,
        events -> Array<Text>,
        min_impact -> Nullable<Text>,
        audience -> Text,
        locale -> Text,
        time_zone -> Text,
        state -> Text,
        disabled_reason -> Nullable<Text>,
        origin -> Text,
        version -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        deleted_at -> Nullable<Timestamptz>,
        address_hash -> Nullable<Bytea>,
        challenge -> Nullable<Bytea>,
        digest_minutes -> Int4,
    }
}
diesel::table! {
    throttles (key) {
        key -> Text,
        taken -> Array<Timestamptz>,
        updated_at -> Timestamptz,
    }
}
diesel::table! {
    destinations (subscription_id) {
        subscription_id -> Uuid,
        lane -> Int2,
        last_seq -> Int8,
        done_seq -> Int8,
        ready_at -> Nullable<Timestamptz>,
        lease_no -> Int8,
        paused -> Bool,
        last_success_at -> Nullable<Timestamptz>,
        failing_since -> Nullable<Timestamptz>,
        credential_id -> Nullable<Uuid>,
        n_warned -> Int2,
        leased_until -> Nullable<Timestamptz>,
        mended -> Bool,
        ended -> Bool,
    }
}
diesel::table! {
    deliveries (id) {
        id -> Uuid,
        subscription_id -> Uuid,
        seq -> Int8,
        event_id -> Uuid,
        state -> Text,
        attempts -> Jsonb,
        created_at -> Timestamptz,
        finished_at -> Nullable<Timestamptz>,
        receipt -> Nullable<Text>,
    }
}
diesel::table! {
    credentials (id) {
        id -> Uuid,
        channel -> Text,
        digest -> Bytea,
        interval_us -> Int8,
        burst -> Int4,
        next_free_at -> Timestamptz,
        failing_since -> Nullable<Timestamptz>,
        n_failures -> Int4,
        reason -> Nullable<Text>,
        created_at -> Timestamptz,
        reported -> Bool,
    }
}
diesel::table! {
    fates (receipt) {
        receipt -> Text,
        subscription_id -> Nullable<Uuid>,
        outcome -> Text,
        attempt -> Nullable<Jsonb>,
        created_at -> Timestamptz,
    }
}
diesel::table! {
    threads (subscription_id, subject_id) {
        subscription_id -> Uuid,
        subject_id -> Uuid,
        anchor -> Jsonb,
        updated_at -> Timestamptz,
    }
}

diesel::allow_tables_to_appear_in_same_query!(incidents, incident_components, incident_updates);
diesel::allow_tables_to_appear_in_same_query!(
    maintenances,
    maintenance_components,
    maintenance_updates
);
diesel::allow_tables_to_appear_in_same_query!(sessions, users, refresh_tokens);
diesel::allow_tables_to_appear_in_same_query!(subscriptions, destinations, deliveries, events);
