//! The cloud, catalog, store and queue ports over AWS.
