//! What is looked at? Plain values, so that verdicts are made without a cloud.

/// What was found, or why it could not be looked at.
pub type Looked<T> = Result<T, String>;

/// Everything a check-up looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Name of the cluster.
    pub name: String,
    /// The cluster; the inner text is why EKS refuses to tell of it.
    pub cluster: Looked<Result<ClusterFact, String>>,
    /// Subnets of its VPC.
    pub subnets: Looked<Vec<SubnetFact>>,
    /// Value of the discovery tag of its security group.
    pub security_group: Looked<Option<String>>,
    /// Roles of nodes.
    pub roles: Looked<Vec<RoleFact>>,
    /// Kinds of ours that the API server does not serve.
    pub missing_kinds: Looked<Vec<String>>,
    /// Rights that the functions' group does not have.
    pub missing_rights: Looked<Vec<String>>,
    /// Image aliases of classes, with the number of images found or why there are none.
    pub images: Looked<Vec<(String, Looked<Result<usize, String>>)>>,
    /// Name of the table, and how it stands.
    pub table: (String, Looked<Option<TableFact>>),
    /// The queues.
    pub queues: Vec<QueueFact>,
}

/// What EKS says of the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterFact {
    /// Kubernetes version.
    pub version: String,
    /// Value of its discovery tag.
    pub discovery: Option<String>,
    /// Its security group.
    pub security_group: Option<String>,
    /// `API`, `API_AND_CONFIG_MAP` or `CONFIG_MAP`.
    pub authentication_mode: Option<String>,
    /// Whether the audit log is written.
    pub has_audit_log: bool,
}

/// A subnet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubnetFact {
    /// Its id.
    pub id: String,
    /// Its zone.
    pub zone: String,
    /// Value of its discovery tag.
    pub discovery: Option<String>,
    /// Addresses left.
    pub free_addresses: u32,
    /// Whether its routes lead to an internet gateway.
    pub is_public: bool,
    /// Whether machines in it get a public address.
    pub gives_public_addresses: bool,
    /// Whether EKS was given it for the cluster.
    pub is_clusters: bool,
}

/// A role of nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleFact {
    /// Its name.
    pub name: String,
    /// Its ARN; none if there is no such role.
    pub arn: Looked<Option<String>>,
    /// Type of its access entry; none if it has none.
    pub entry: Looked<Option<String>>,
}

/// The table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableFact {
    /// Such as `ACTIVE`.
    pub status: String,
    /// Whether its keys are ours.
    pub has_our_keys: bool,
}

/// A queue and where it sends what fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueFact {
    /// Its name.
    pub name: String,
    /// Whether it is there, and whether it has a redrive policy.
    pub redrives: Looked<Option<bool>>,
    /// Messages it gave up; none if there is no queue of dead letters.
    pub dead: Looked<Option<u64>>,
}
