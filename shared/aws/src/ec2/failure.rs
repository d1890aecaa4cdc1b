//! What does EC2 mean by an error, sorted by what a launch does next (aws 6.6)?
//!
//! Codes are what counts; texts are looked into only where EC2 uses one code for several things.

use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use joiner_ports::{BoxError, CloudError, Delay, LaunchError};

/// Pause before a call that was refused for its rate: the buckets of EC2 fill up within seconds.
const PAUSE: Delay = Delay::from_secs(5);

/// Codes that ask to come back later.
const THROTTLES: [&str; 7] = [
    "RequestLimitExceeded",
    "Throttling",
    "ThrottlingException",
    "RequestThrottled",
    "RequestThrottledException",
    "TooManyRequestsException",
    "SlowDown",
];
/// Codes by which EC2 says that it failed itself, so that what happened is not known.
const FAULTS: [&str; 5] =
    ["InternalError", "InternalFailure", "InternalServerError", "ServiceUnavailable", "Unavailable"];
/// Codes of an offering that cannot be had for now (aws 6.6).
const SHORTAGES: [&str; 8] = [
    "InsufficientInstanceCapacity",
    "MaxSpotInstanceCountExceeded",
    "VcpuLimitExceeded",
    "UnfulfillableCapacity",
    "Unsupported",
    FULL_SUBNET,
    "MaxFleetCountExceeded",
    "ReservationCapacityExceeded",
];

/// The code of a subnet without free addresses.
pub(super) const FULL_SUBNET: &str = "InsufficientFreeAddressesInSubnet";
/// The code of a token that came with another request before.
pub(super) const TOKEN_SPENT: &str = "IdempotentParameterMismatch";
/// The code of an instance that EC2 does not know.
const NO_INSTANCE: &str = "InvalidInstanceID.NotFound";
/// The code of an account where EC2 may not create the role it needs for spot.
const NO_SPOT_ROLE: &str = "AuthFailure.ServiceLinkedRoleCreationNotPermitted";
/// Codes of a launch template that is gone.
const NO_TEMPLATE: [&str; 2] =
    ["InvalidLaunchTemplateName.NotFoundException", "InvalidLaunchTemplateId.NotFound"];
/// Codes of a launch template that is there already.
const TEMPLATE_EXISTS: &str = "InvalidLaunchTemplateName.AlreadyExistsException";

/// A call that brought no result.
#[derive(Debug)]
pub(crate) enum Ec2Failure {
    /// Too many requests; nothing happened.
    Throttled,
    /// EC2 says no.
    Refused {
        /// Machine-readable.
        code: String,
        /// For people.
        message: String,
    },
    /// No answer, or one that EC2 itself does not stand by.
    Unanswered(BoxError),
}

impl Ec2Failure {
    /// Sorts the error of a call.
    pub(crate) fn of<E, R>(error: SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
        R: std::fmt::Debug + Send + Sync + 'static,
    {
        let Some(code) = error.as_service_error().and_then(|service| service.code()) else {
            return Ec2Failure::Unanswered(error.into());
        };
        if is_throttle(code) {
            return Ec2Failure::Throttled;
        }
        if FAULTS.contains(&code) {
            return Ec2Failure::Unanswered(error.into());
        }
        let message = error.as_service_error().and_then(|service| service.message()).unwrap_or(code);
        Ec2Failure::Refused { code: code.to_owned(), message: message.to_owned() }
    }

    /// Whether EC2 says that there is no such instance.
    pub(super) fn is_no_instance(&self) -> bool {
        matches!(self, Ec2Failure::Refused { code, .. } if code == NO_INSTANCE)
    }

    /// Whether EC2 says that the launch template is gone.
    pub(super) fn is_no_template(&self) -> bool {
        matches!(self, Ec2Failure::Refused { code, .. } if NO_TEMPLATE.contains(&&**code))
    }

    /// Whether EC2 says that the launch template is there already.
    pub(super) fn is_template_there(&self) -> bool {
        matches!(self, Ec2Failure::Refused { code, .. } if code == TEMPLATE_EXISTS)
    }

    /// Whether EC2 says that the token came with another request before.
    pub(super) fn is_token_spent(&self) -> bool {
        matches!(self, Ec2Failure::Refused { code, .. } if code == TOKEN_SPENT)
    }
}

impl From<Ec2Failure> for LaunchError {
    fn from(failure: Ec2Failure) -> Self {
        match failure {
            Ec2Failure::Throttled => LaunchError::Throttled(PAUSE),
            Ec2Failure::Refused { code, message } => {
                let reason = reason(&format!("{code}: {message}")).to_owned();
                LaunchError::Rejected { reason, message: format!("{message} ({code})") }
            }
            Ec2Failure::Unanswered(source) => LaunchError::Unknown(source),
        }
    }
}

impl From<Ec2Failure> for CloudError {
    fn from(failure: Ec2Failure) -> Self {
        match failure {
            Ec2Failure::Throttled => CloudError::Throttled(PAUSE),
            Ec2Failure::Refused { code, message } => CloudError::Rejected(format!("{message} ({code})")),
            Ec2Failure::Unanswered(source) => CloudError::Unavailable(source),
        }
    }
}

/// Whether a code asks to come back later.
fn is_throttle(code: &str) -> bool {
    THROTTLES.contains(&code)
}

/// Whether a code tells of trouble that passes by itself.
pub(super) fn passes(code: &str) -> bool {
    is_throttle(code) || FAULTS.contains(&code) || NO_TEMPLATE.contains(&code)
}

/// Whether a code says that an offering cannot be had for now.
pub(super) fn is_shortage(code: &str) -> bool {
    SHORTAGES.contains(&code)
}

/// Whether a code says that no spot instance can be had in the account.
pub(super) fn forbids_spot(code: &str) -> bool {
    code == NO_SPOT_ROLE
}

/// The condition reason of a failed launch, from the codes and texts EC2 gave (aws 6.6): the first that matches.
pub(super) fn reason(text: &str) -> &'static str {
    let any = |needles: &[&str]| needles.iter().any(|needle| text.contains(needle));
    let all = |needles: &[&str]| needles.iter().all(|needle| text.contains(needle));
    if text.contains(NO_SPOT_ROLE) {
        return "SpotSLRCreationFailed";
    }
    if any(&["UnauthorizedOperation", "AccessDenied", "AuthFailure"]) {
        let images = text.contains("Not authorized for images");
        return if images { "AMIAuthorizationFailure" } else { "Unauthorized" };
    }
    if all(&["InvalidParameter", "belong to different networks"]) {
        return "SecurityGroupSubnetVPCMismatch";
    }
    let found = REASONS.iter().find(|(needle, _)| text.contains(needle));
    found.map_or("LaunchFailed", |(_, reason)| reason)
}

/// What else EC2 may say, and the reason for it.
const REASONS: [(&str, &str); 14] = [
    ("iamInstanceProfile.name is invalid", "InstanceProfileNameInvalid"),
    ("InvalidLaunchTemplateId.NotFound", "LaunchTemplateNotFound"),
    ("InvalidLaunchTemplateName.NotFoundException", "LaunchTemplateNotFound"),
    ("User data is limited to", "UserDataSizeLimitExceeded"),
    ("InvalidAMIID.Malformed", "InvalidAMIID"),
    ("InvalidAMIID.NotFound", "AMINotFound"),
    ("RequestLimitExceeded", "RequestLimitExceeded"),
    ("InternalError", "InternalError"),
    ("not eligible for Free Tier", "FreeTierIneligible"),
    ("MaxFleetCountExceeded", "FleetQuotaExceeded"),
    ("PendingVerification", "AccountPendingVerification"),
    ("MaxSpotInstanceCountExceeded", "SpotQuotaExceeded"),
    ("VcpuLimitExceeded", "VCPULimitExceeded"),
    (FULL_SUBNET, "InsufficientFreeAddressesInSubnet"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_told_by_the_first_that_matches() {
        let told = [
            ("AuthFailure.ServiceLinkedRoleCreationNotPermitted: no", "SpotSLRCreationFailed"),
            ("UnauthorizedOperation: You are not authorized", "Unauthorized"),
            ("AuthFailure: Not authorized for images: [ami-1]", "AMIAuthorizationFailure"),
            (
                "InvalidParameter: sg-1 and subnet-1 belong to different networks.",
                "SecurityGroupSubnetVPCMismatch",
            ),
            ("InvalidUserData.Malformed: User data is limited to 16384 bytes", "UserDataSizeLimitExceeded"),
            ("VcpuLimitExceeded: you have 5", "VCPULimitExceeded"),
            ("SomethingElse: at all", "LaunchFailed"),
        ];
        for (text, expected) in told {
            assert_eq!(reason(text), expected, "{text}");
        }
    }

    #[test]
    fn refusals_keep_what_ec2_said() {
        let refused =
            Ec2Failure::Refused { code: "InvalidAMIID.NotFound".into(), message: "no ami-1".into() };
        let LaunchError::Rejected { reason, message } = LaunchError::from(refused) else {
            panic!("it must be a refusal")
        };
        assert_eq!((reason.as_str(), message.as_str()), ("AMINotFound", "no ami-1 (InvalidAMIID.NotFound)"));
        assert_eq!(LaunchError::from(Ec2Failure::Throttled).to_string(), "EC2 asks to wait 5 s");
    }
}
