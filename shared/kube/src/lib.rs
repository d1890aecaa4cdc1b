//! The cluster port over the Kubernetes API.
