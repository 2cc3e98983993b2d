//! The words of the Entra configuration.

use super::rule::{
    BlockRule, Kind, NO_ARGUMENTS, PropertyRule, Within, WordRule, choices, one, properties, some,
};

properties! {
    /// The properties of `entra`.
    EntraProperties {
        tenant: PropertyRule {
            name: "tenant",
            kind: Kind::Text,
            required: true,
            doc: "is a verified domain of the tenant, or its directory ID, a UUID.",
        },
    }
}

pub(super) static ENTRA: WordRule = WordRule {
    name: "entra",
    doc: "Names the Microsoft Entra ID tenant in which groups are looked up, and configures it. It is allowed once. \
          Without it, groups are looked up only in the Identity Store. Without a block, nothing in Entra is changed.",
    arguments: NO_ARGUMENTS,
    properties: EntraProperties::RULES,
    block: BlockRule::Optional(Within::Entra),
    repeats: false,
    example: r#"entra tenant="acme.onmicrosoft.com""#,
};

pub(super) static APPLICATION: WordRule = WordRule {
    name: "application",
    doc: "Names the enterprise application, by display name, through which users sign in to AWS and are provisioned. \
          Whatever its block does not mention is left unchanged.",
    arguments: one(r#""name""#, "a name"),
    properties: &[],
    block: BlockRule::Optional(Within::Application),
    repeats: false,
    example: "entra tenant=\"acme.onmicrosoft.com\" {\n    application \"AWS IAM Identity Center\" {\n        \
              assign-groups\n        provisioning scim-token-expires=\"2027-06-01\"\n        \
              require-mfa \"AWS needs MFA\" strength=\"phishing-resistant\"\n    }\n}",
};

pub(super) static CREATE: WordRule = WordRule {
    name: "create",
    doc: "Creates the application from the gallery template for AWS IAM Identity Center if no application of this name \
          exists. Without the word, a missing application is an error, because a misspelled name would otherwise \
          create a second application.",
    arguments: NO_ARGUMENTS,
    properties: &[],
    block: BlockRule::None,
    repeats: false,
    example: "application \"AWS IAM Identity Center\" { create; assign-groups }",
};

pub(super) static ASSIGN_GROUPS: WordRule = WordRule {
    name: "assign-groups",
    doc: "Assigns to the application every group to which the configuration assigns a permission set, so that it is \
          provisioned. A group that is no longer used stays assigned until `unassign-group` removes it.",
    arguments: NO_ARGUMENTS,
    properties: &[],
    block: BlockRule::None,
    repeats: false,
    example: "application \"AWS IAM Identity Center\" { assign-groups }",
};

pub(super) static UNASSIGN_GROUP: WordRule = WordRule {
    name: "unassign-group",
    doc: "Removes groups from the application, given by display name or object ID. They need not be declared. Entra \
          then deletes the groups in AWS together with all their account assignments; the plan shows how many.",
    arguments: some(r#""group"…"#, "a group"),
    properties: &[],
    block: BlockRule::None,
    repeats: true,
    example: r#"unassign-group "old-team" "4f6c1d2e-0000-4000-8000-000000000001""#,
};

properties! {
    /// The properties of `provisioning`.
    ProvisioningProperties {
        scim_token_expires: PropertyRule {
            name: "scim-token-expires",
            kind: Kind::Text,
            required: false,
            doc: "is the day on which the SCIM token expires, as `YYYY-MM-DD`. AWS shows it when the token is created, \
                  one year ahead, and no API returns it. Plans warn in advance.",
        },
    }
}

pub(super) static PROVISIONING: WordRule = WordRule {
    name: "provisioning",
    doc: "Provisions users and groups: the synchronization job of the application is started, and new groups are \
          provisioned on demand.",
    arguments: NO_ARGUMENTS,
    properties: ProvisioningProperties::RULES,
    block: BlockRule::None,
    repeats: false,
    example: r#"provisioning scim-token-expires="2027-06-01""#,
};

properties! {
    /// The properties of `saml`.
    SamlProperties {
        sign_on_metadata: PropertyRule {
            name: "sign-on-metadata",
            kind: Kind::Text,
            required: true,
            doc: "is the path of the service provider's metadata, an XML file of at most 256 KiB, relative to the \
                  project directory and within it. Download it from the IAM Identity Center console: Settings, \
                  Identity source, Actions, Manage authentication, Download metadata file.",
        },
        certificate_warning_days: PropertyRule {
            name: "certificate-warning-days",
            kind: Kind::Number { min: 1, max: 365 },
            required: false,
            doc: "is the number of days before its expiry at which the signing certificate is replaced and plans begin \
                  to warn, 1 to 365. The default is 45.",
        },
        aws_has_certificate: PropertyRule {
            name: "aws-has-certificate",
            kind: Kind::Text,
            required: false,
            doc: "is the thumbprint of a certificate, 40 hexadecimal digits, and confirms that the metadata with this \
                  certificate has been uploaded to AWS. AWS has no API to check this. Without it, a new certificate \
                  is added to the application but does not sign.",
        },
    }
}

pub(super) static SAML: WordRule = WordRule {
    name: "saml",
    doc: "Configures SAML sign-in: the mode, the addresses and the signing certificate of the application match what \
          AWS requires. Steps for which AWS has no API are listed in the plan.",
    arguments: NO_ARGUMENTS,
    properties: SamlProperties::RULES,
    block: BlockRule::None,
    repeats: false,
    example: r#"saml sign-on-metadata="aws-sp-metadata.xml" certificate-warning-days=45"#,
};

choices! {
    /// The required authentication strength.
    StrengthChoice {
        Mfa = "mfa",
        Passwordless = "passwordless",
        PhishingResistant = "phishing-resistant",
    }
}

choices! {
    /// The state of a conditional access policy.
    StateChoice {
        ReportOnly = "report-only",
        Enabled = "enabled",
    }
}

properties! {
    /// The properties of `require-mfa`.
    RequireMfaProperties {
        strength: PropertyRule {
            name: "strength",
            kind: Kind::OneOf(StrengthChoice::TEXTS),
            required: false,
            doc: "is the required authentication strength: any second factor, a passwordless method, or a \
                  phishing-resistant method. The default is `mfa`.",
        },
        state: PropertyRule {
            name: "state",
            kind: Kind::OneOf(StateChoice::TEXTS),
            required: false,
            doc: "is `report-only`, the default, in which Entra only records what the policy would have blocked, or \
                  `enabled`. An enabled policy must exclude a group with `except-to`, and is only enabled after it \
                  has existed in report-only mode.",
        },
    }
}

pub(super) static REQUIRE_MFA: WordRule = WordRule {
    name: "require-mfa",
    doc: "Names a conditional access policy, by display name, that requires multi-factor authentication to sign in to \
          the application.",
    arguments: one(r#""name""#, "a name"),
    properties: RequireMfaProperties::RULES,
    block: BlockRule::Optional(Within::RequireMfa),
    repeats: false,
    example: "require-mfa \"AWS needs MFA\" strength=\"phishing-resistant\" state=\"enabled\" {\n    \
              except-to \"break-glass\"\n}",
};

pub(super) static MFA_EXCEPT_TO: WordRule = WordRule {
    name: "except-to",
    doc: "Excludes groups from the policy, by label, for those who must be able to sign in when everything else fails.",
    arguments: some(r#""group"…"#, "a group"),
    properties: &[],
    block: BlockRule::None,
    repeats: true,
    example: r#"require-mfa "AWS needs MFA" { except-to "break-glass" }"#,
};
