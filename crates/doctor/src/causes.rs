//! What the error codes of the logs mean, and what to do about them.
//!
//! Sources: Microsoft's "Microsoft Entra authentication and authorization error codes" and "Understand the provisioning
//! logs", and AWS's "Troubleshooting IAM Identity Center issues" for what AWS refuses by SCIM.

/// A cause.
pub(super) struct Cause {
    /// What it means, to follow a colon.
    pub(super) meaning: &'static str,
    /// What to do.
    pub(super) way_out: &'static str,
}

const fn cause(meaning: &'static str, way_out: &'static str) -> Cause {
    Cause { meaning, way_out }
}

/// The cause behind the error code of a sign-in (the number of `AADSTS…`), if it is known.
pub(super) fn of_sign_in(code: u32) -> Option<Cause> {
    Some(match code {
        50_105 => cause(
            "the user is not assigned to the application, neither directly nor by a group",
            "put the user into a group that the files use as a direct member: groups within groups do not count",
        ),
        53_003 => cause(
            "a conditional access policy blocked it",
            "the sign-in's Conditional Access tab in Entra ID says which; it may be another than that of the files",
        ),
        50_074 | 50_076 => cause(
            "a second factor was demanded and not given",
            "this is normal where the user tried again and got in; else see that the user has a method that the policy \
             accepts",
        ),
        50_072 | 50_079 => cause(
            "the user has to register a second factor first",
            "have the user register at https://aka.ms/mfasetup",
        ),
        500_121 => cause(
            "the second factor was not confirmed",
            "the user refused it, or was too slow; if it was not the user, somebody else has the password",
        ),
        53_000 => cause(
            "the device does not comply",
            "enrol the device, or look at what its compliance policy wants",
        ),
        53_001 => cause("the device is not joined to the domain", "use a device that is joined"),
        50_097 => cause("the device has to authenticate", "use a device that is registered in Entra ID"),
        53_004 => cause(
            "the user has to register a second factor, and the sign-in looked risky",
            "have the user register from a known place, at https://aka.ms/mfasetup",
        ),
        50_158 => cause(
            "a demand outside of Entra ID was not met yet",
            "this is normal where the user tried again and got in",
        ),
        50_034 => cause(
            "the user is not in this tenant",
            "see that the user takes the right account, and is in the directory or invited as a guest",
        ),
        90_072 => cause(
            "the account is of another tenant, and no guest here",
            "invite the user as a guest, or have the user take an account of this tenant",
        ),
        50_053 => cause(
            "the account is locked, or the address is known for attacks",
            "wait for the lock to end; if it was not the user, have the password changed",
        ),
        50_055 => cause("the password has expired", "have the user change it"),
        50_057 => cause(
            "the account is disabled",
            "if the user has left, see that AWS sessions end; else enable it",
        ),
        50_126 => {
            cause("the user name or the password is wrong", "have the user try again, or reset the password")
        }
        50_058 | 50_140 => cause(
            "it was interrupted to ask the user something",
            "this is normal where the user tried again and got in",
        ),
        50_011 => cause(
            "the reply URL that AWS sent is not one of the application's",
            "write AWS's metadata file anew from its console, and apply: the URLs of every Region have to be there",
        ),
        700_016 => cause(
            "the entity id that AWS sent is not one of the application's",
            "see that the metadata file in sign-on-metadata= is of this instance, and apply",
        ),
        75_005 | 750_054 => cause(
            "AWS and the application did not speak SAML with each other",
            "start at the access portal of AWS, and see that the single sign-on mode is saml",
        ),
        75_011 => cause(
            "AWS asked for another way to sign in than the user took",
            "have the user sign out, and start at the access portal of AWS",
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

/// The cause behind the error code of a step of provisioning, if it is known.
pub(super) fn of_provisioning(code: &str) -> Option<Cause> {
    Some(match code {
        "MissingRequiredAttribute" | "MandatoryFieldsMissing" | "MissingValues" => cause(
            "AWS takes no user without first, last, display and user name",
            "fill in what is missing in Entra ID",
        ),
        "InvalidGroup" => cause(
            "AWS does not take the group as it was sent",
            "see that its name has no special characters, and that its members were provisioned first",
        ),
        "SystemForCrossDomainIdentityManagementBadRequest" => cause(
            "AWS does not take what was sent",
            "look for special characters in names, and for attributes with two values: AWS takes one of each",
        ),
        "SystemForCrossDomainIdentityManagementServiceConflict" | "Conflict" | "EntryConflict" => cause(
            "a user or group of that name is in AWS already",
            "if it was made by hand in AWS, delete it there, or give it the name and the external id of the one in Entra ID",
        ),
        "DuplicateTargetEntries" => cause(
            "several in AWS match the one in Entra ID",
            "delete the ones too many in AWS: IAM Identity Center, Users or Groups",
        ),
        "DuplicateSourceEntries" => cause(
            "several in Entra ID match the one in AWS",
            "give them user names or display names of their own",
        ),
        "SystemForCrossDomainIdentityManagementCredentialValidationUnavailable"
        | "SystemForCrossDomainIdentityManagementUnauthorized"
        | "Unauthorized"
        | "InsufficientRights"
        | "NotPermitted" => cause(
            "AWS does not accept the SCIM token",
            "make another one in AWS, and hand it to an apply with `--renew-scim-token`",
        ),
        "TooManyRequests" => cause(
            "AWS was asked too often",
            "provisioning tries again by itself; if it lasts, provision fewer groups at once",
        ),
        "InternalServerError" | "InternalError" | "WebExceptionProtocolError" | "Timeout" => cause(
            "AWS did not answer as it should",
            "provisioning tries again by itself; look at AWS's health dashboard if it lasts",
        ),
        "NotEffectivelyEntitled" => cause(
            "whoever it is about is not assigned to the application any more",
            "nothing has to be done, if that was meant",
        ),
        "UnprocessableEntity" | "SchemaInvalid" | "SchemaAttributeNotFound" => cause(
            "the attribute mapping sends something that AWS does not know",
            "in Entra ID: the application, Provisioning, Mappings; restore the default mappings",
        ),
        _ => return None,
    })
}
