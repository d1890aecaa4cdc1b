//! What every function shares: configuration, clients, logs, metrics, and the loop that serves events.
