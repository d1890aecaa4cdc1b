//! How are rows found, and what do the calls to the table look like?
//!
//! One table serves every cluster. A partition is `cluster#<name>#<kind>`; names of clusters hold no `#`, so no
//! two clusters and no two kinds ever share one. The sort key is the name of the row within its kind.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use jiff::Timestamp;
use joiner_ports::{ClusterName, StoreError};

use super::row;
use crate::Clients;

/// Name of the partition key, a string.
pub const PARTITION_KEY: &str = "pk";
/// Name of the sort key, a string.
pub const SORT_KEY: &str = "sk";
/// Name of the attribute that the table's time to live is set to: Unix seconds after which nobody reads the row.
/// Readers never rely on it.
pub const REMOVE_AFTER: &str = "remove_after";

/// Attributes by name, as the SDK has them. Only looked up, never walked.
pub(super) type Item = HashMap<String, AttributeValue>;

/// What rows are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Lease,
    Intent,
    Command,
    Window,
    Unavailable,
    Nomination,
    Wake,
    Watch,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Kind::Lease => "lease",
            Kind::Intent => "intent",
            Kind::Command => "command",
            Kind::Window => "window",
            Kind::Unavailable => "unavailable",
            Kind::Nomination => "nomination",
            Kind::Wake => "wake",
            Kind::Watch => "watch",
        }
    }
}

/// Sort key of the kinds of which a cluster has one row.
pub(super) const ONLY: &str = "only";

/// How a conditional write ended.
#[derive(Debug)]
pub(super) enum Written {
    /// It happened; the row as it is now.
    Done(Item),
    /// The condition failed; the row as it is.
    Refused(Item),
}

/// The rows of one cluster.
#[derive(Debug, Clone)]
pub(super) struct Table {
    clients: Arc<Clients>,
    name: Arc<str>,
    cluster: ClusterName,
}

impl Table {
    pub(super) fn new(clients: Arc<Clients>, name: &str, cluster: ClusterName) -> Self {
        Table { clients, name: name.into(), cluster }
    }

    pub(super) fn client(&self) -> &aws_sdk_dynamodb::Client {
        self.clients.dynamodb()
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    fn partition(&self, kind: Kind) -> AttributeValue {
        row::text(format!("cluster#{}#{}", self.cluster, kind.as_str()))
    }

    /// The key of a row.
    pub(super) fn key(&self, kind: Kind, sort: &str) -> Item {
        HashMap::from([
            (PARTITION_KEY.to_owned(), self.partition(kind)),
            (SORT_KEY.to_owned(), row::text(sort)),
        ])
    }

    /// One row, as of all writes that were answered.
    pub(super) async fn get(&self, kind: Kind, sort: &str) -> Result<Option<Item>, StoreError> {
        let call = self.client().get_item().table_name(self.name());
        let answer = call.set_key(Some(self.key(kind, sort))).consistent_read(true).send().await;
        Ok(answer.map_err(row::unavailable)?.item)
    }

    /// Every row of a kind in order of sort keys, as of all writes that were answered.
    pub(super) async fn all(&self, kind: Kind) -> Result<Vec<Item>, StoreError> {
        self.pages(kind, None).await
    }

    /// Every row of a kind that holds beyond `now`, in order of sort keys.
    pub(super) async fn holding(&self, kind: Kind, now: Timestamp) -> Result<Vec<Item>, StoreError> {
        self.pages(kind, Some(now)).await
    }

    async fn pages(&self, kind: Kind, now: Option<Timestamp>) -> Result<Vec<Item>, StoreError> {
        let mut call = self
            .client()
            .query()
            .table_name(self.name())
            .consistent_read(true)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", self.partition(kind));
        if let Some(now) = now {
            call = call
                .filter_expression("valid_until > :now")
                .expression_attribute_values(":now", row::moment(now));
        }
        let mut pages = call.into_paginator().send();
        let mut items = Vec::new();
        while let Some(page) = pages.next().await {
            items.extend(page.map_err(row::unavailable)?.items.unwrap_or_default());
        }
        Ok(items)
    }

    /// Takes a row away; none there is no error.
    pub(super) async fn delete(&self, kind: Kind, sort: &str) -> Result<(), StoreError> {
        let call = self.client().delete_item().table_name(self.name());
        call.set_key(Some(self.key(kind, sort))).send().await.map_err(row::unavailable)?;
        Ok(())
    }

    /// A conditional change of one row; it answers with the row either way, so that a refusal needs no second
    /// call that could see yet another state.
    pub(super) fn update(&self, kind: Kind, sort: &str) -> UpdateItemFluentBuilder {
        self.client()
            .update_item()
            .table_name(self.name())
            .set_key(Some(self.key(kind, sort)))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }
}

/// Sends a conditional change.
pub(super) async fn write(update: UpdateItemFluentBuilder) -> Result<Written, StoreError> {
    match update.send().await {
        Ok(answer) => Ok(Written::Done(answer.attributes.unwrap_or_default())),
        Err(failure) => match failure.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(refusal)) => {
                Ok(Written::Refused(refusal.item.clone().unwrap_or_default()))
            }
            _ => Err(row::unavailable(failure)),
        },
    }
}
