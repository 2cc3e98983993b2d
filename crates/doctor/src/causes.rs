//! Causes of the error codes in the logs, and how to resolve them.
//!
//! Sources: Microsoft's "Microsoft Entra authentication and authorization error codes" and "Understand the provisioning
//! logs", and AWS's "Troubleshooting IAM Identity Center issues" for SCIM requests that AWS rejects.

/// A cause.
pub(super) struct Cause {
    /// The meaning, to follow a colon.
    pub(super) meaning: &'static str,
    /// How to resolve it.
    pub(super) help: &'static str,
}

const fn cause(meaning: &'static str, help: &'static str) -> Cause {
    Cause { meaning, help }
}

/// Returns the cause of a sign-in error code (the number of `AADSTS…`), if it is known.
// Exceeds 70 lines: it is one table, and looks a code up in the order of the documentation.
pub(super) fn of_sign_in(code: u32) -> Option<Cause> {
    Some(match code {
        50_105 => cause(
            "the user is not assigned to the application, either directly or through a group",
            "make the user a direct member of a group that the configuration uses: nested groups do not count",
        ),
        53_003 => cause(
            "a conditional access policy blocked it",
            "the sign-in's Conditional Access tab in Entra ID shows which; it may not be the one in the configuration",
        ),
        50_074 | 50_076 => cause(
            "a second factor was required and not given",
            "this is normal if the user retried and signed in; otherwise check that the user has a method that the \
             policy accepts",
        ),
        50_072 | 50_079 => cause(
            "the user must register a second factor first",
            "have the user register at https://aka.ms/mfasetup",
        ),
        500_121 => cause(
            "the second factor was not confirmed",
            "the user declined it, or was too slow; if it was not the user, someone else has the password",
        ),
        53_000 => cause(
            "the device is not compliant",
            "enroll the device, or check what its compliance policy requires",
        ),
        53_001 => {
            cause("the device is not joined to the domain", "use a device that is joined to the domain")
        }
        50_097 => cause("the device must authenticate", "use a device that is registered in Entra ID"),
        53_004 => cause(
            "the user must register a second factor, and the sign-in looked risky",
            "have the user register from a known location, at https://aka.ms/mfasetup",
        ),
        50_158 => cause(
            "a requirement outside Entra ID was not met yet",
            "this is normal if the user retried and signed in",
        ),
        50_034 => cause(
            "the user is not in this tenant",
            "check that the user chose the right account, and is in the directory or invited as a guest",
        ),
        90_072 => cause(
            "the account belongs to another tenant, and is not a guest in this one",
            "invite the user as a guest, or have the user choose an account of this tenant",
        ),
        50_053 => cause(
            "the account is locked, or the IP address is known for attacks",
            "wait until the lock ends; if it was not the user, change the password",
        ),
        50_055 => cause("the password has expired", "have the user change it"),
        50_057 => cause(
            "the account is disabled",
            "if the user has left, make sure that their AWS sessions end; otherwise enable it",
        ),
        50_126 => {
            cause("the user name or the password is wrong", "have the user retry, or reset the password")
        }
        50_058 | 50_140 => {
            cause("it was interrupted to prompt the user", "this is normal if the user retried and signed in")
        }
        50_011 => cause(
            "the reply URL that AWS sent is not a reply URL of the application",
            "download the metadata file from the AWS console again, and apply: it must contain the URLs of every Region",
        ),
        700_016 => cause(
            "the entity id that AWS sent is not an identifier of the application",
            "check that the metadata file in sign-on-metadata= belongs to this instance, and apply",
        ),
        75_005 | 750_054 => cause(
            "AWS and the application did not use SAML with each other",
            "start at the AWS access portal, and check that the single sign-on mode is saml",
        ),
        75_011 => cause(
            "AWS requested a different sign-in method from the one that the user chose",
            "have the user sign out, and start at the AWS access portal",
        ),
        65_001 => {
            cause("nobody consented to the application", "have an administrator consent to it in Entra ID")
        }
        7_000_112 => cause(
            "the application is disabled",
            "in Entra ID: the application, Properties, Enabled for users to sign-in: Yes",
        ),
        _ => return None,
    })
}

/// Returns the cause of a provisioning error code, if it is known.
pub(super) fn of_provisioning(code: &str) -> Option<Cause> {
    Some(match code {
        "MissingRequiredAttribute" | "MandatoryFieldsMissing" | "MissingValues" => cause(
            "AWS rejects users without a first, last, display or user name",
            "add the missing names in Entra ID",
        ),
        "InvalidGroup" => cause(
            "AWS rejects the group as it was sent",
            "check that its name has no special characters, and that its members were provisioned first",
        ),
        "SystemForCrossDomainIdentityManagementBadRequest" => cause(
            "AWS rejects the request",
            "look for special characters in names, and for attributes with two values: AWS allows one value each",
        ),
        "SystemForCrossDomainIdentityManagementServiceConflict" | "Conflict" | "EntryConflict" => cause(
            "a user or group of that name already exists in AWS",
            "if it was created by hand in AWS, delete it there, or give it the name and the external id of the one in Entra ID",
        ),
        "DuplicateTargetEntries" => cause(
            "several users or groups in AWS match the one in Entra ID",
            "delete the extra ones in AWS: IAM Identity Center, Users or Groups",
        ),
        "DuplicateSourceEntries" => cause(
            "several users or groups in Entra ID match the one in AWS",
            "give them unique user names or display names",
        ),
        "SystemForCrossDomainIdentityManagementCredentialValidationUnavailable"
        | "SystemForCrossDomainIdentityManagementUnauthorized"
        | "Unauthorized"
        | "InsufficientRights"
        | "NotPermitted" => cause(
            "AWS does not accept the SCIM token",
            "create another one in AWS, and pass it to an apply with `--renew-scim-token`",
        ),
        "TooManyRequests" => cause(
            "AWS received too many requests",
            "provisioning retries automatically; if it persists, provision fewer groups at once",
        ),
        "InternalServerError" | "InternalError" | "WebExceptionProtocolError" | "Timeout" => cause(
            "AWS did not respond correctly",
            "provisioning retries automatically; if it persists, check the AWS Health Dashboard",
        ),
        "NotEffectivelyEntitled" => cause(
            "the user or group is no longer assigned to the application",
            "if that was intended, there is nothing to do",
        ),
        "UnprocessableEntity" | "SchemaInvalid" | "SchemaAttributeNotFound" => cause(
            "the attribute mapping sends something that AWS does not know",
            "in Entra ID: the application, Provisioning, Mappings; restore the default mappings",
        ),
        _ => return None,
    })
}
