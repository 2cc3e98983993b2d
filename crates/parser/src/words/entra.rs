//! The words of the Entra half.

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
            doc: "is one of the tenant's verified domains, or its directory id, a UUID.",
        },
    }
}

pub(super) static ENTRA: WordRule = WordRule {
    name: "entra",
    doc: "Says which tenant of Microsoft Entra ID the groups come from, so that they are looked up there, and what \
          is wanted of it. It stands once; without it, groups are looked up in the Identity Store alone. Without a \
          block nothing is changed in Entra.",
    arguments: NO_ARGUMENTS,
    properties: EntraProperties::RULES,
    block: BlockRule::Optional(Within::Entra),
    repeats: false,
    example: r#"entra tenant="acme.onmicrosoft.com""#,
};

pub(super) static APPLICATION: WordRule = WordRule {
    name: "application",
    doc: "The enterprise application through which users sign in to AWS and are provisioned, by its display name. \
          What its block does not mention is left as it is.",
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
    doc: "Makes the application from the gallery's template for AWS IAM Identity Center where none of the name \
          exists. Without the word that is an error, since a misspelt name would otherwise make a second \
          application.",
    arguments: NO_ARGUMENTS,
    properties: &[],
    block: BlockRule::None,
    repeats: false,
    example: "application \"AWS IAM Identity Center\" { create; assign-groups }",
};

pub(super) static ASSIGN_GROUPS: WordRule = WordRule {
    name: "assign-groups",
    doc: "Assigns to the application every group to which the files assign a permission set, so that it is \
          provisioned. A group that is no longer used stays assigned: only `unassign-group` takes one off.",
    arguments: NO_ARGUMENTS,
    properties: &[],
    block: BlockRule::None,
    repeats: false,
    example: "application \"AWS IAM Identity Center\" { assign-groups }",
};

pub(super) static UNASSIGN_GROUP: WordRule = WordRule {
    name: "unassign-group",
    doc: "Takes groups off the application, given by display name or object id; they need not be declared. Entra \
          then deletes them in AWS with all their account assignments, and the plan says how many those are.",
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
            doc: "is the day on which the token for SCIM ends, as `YYYY-MM-DD`. AWS shows it when the token is made, \
                  one year ahead, and no API tells it; plans warn before it comes.",
        },
    }
}

pub(super) static PROVISIONING: WordRule = WordRule {
    name: "provisioning",
    doc: "Users and groups are provisioned: the synchronization job of the application runs, and a group that is \
          new is provisioned on demand.",
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
                  project's directory and within it. The console of IAM Identity Center offers it: Settings, \
                  Identity source, Actions, Manage authentication, Download metadata file.",
        },
        certificate_warning_days: PropertyRule {
            name: "certificate-warning-days",
            kind: Kind::Number { min: 1, max: 365 },
            required: false,
            doc: "is how many days before its end the signing certificate is replaced and plans begin to warn, 1 \
                  to 365; 45 by default.",
        },
        aws_has_certificate: PropertyRule {
            name: "aws-has-certificate",
            kind: Kind::Text,
            required: false,
            doc: "is the thumbprint of a certificate, 40 hexadecimal digits: it says that the metadata with this \
                  certificate has been uploaded in AWS. AWS has no API that would tell; without this, a new \
                  certificate is added to the application, and does not sign.",
        },
    }
}

pub(super) static SAML: WordRule = WordRule {
    name: "saml",
    doc: "Users sign in by SAML: the mode, the addresses and the signing certificate of the application are as AWS \
          needs them. What AWS has no API for is told as steps.",
    arguments: NO_ARGUMENTS,
    properties: SamlProperties::RULES,
    block: BlockRule::None,
    repeats: false,
    example: r#"saml sign-on-metadata="aws-sp-metadata.xml" certificate-warning-days=45"#,
};

choices! {
    /// What counts as multi-factor authentication.
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
            doc: "is what counts: any second factor, no password, or nothing that can be phished; `mfa` by default.",
        },
        state: PropertyRule {
            name: "state",
            kind: Kind::OneOf(StateChoice::TEXTS),
            required: false,
            doc: "is `report-only`, the default, in which Entra only writes down what the policy would have \
                  stopped, or `enabled`. A policy that is enabled must except a group with `except-to`, and is \
                  enabled only once it stands in report-only.",
        },
    }
}

pub(super) static REQUIRE_MFA: WordRule = WordRule {
    name: "require-mfa",
    doc: "A conditional access policy that lets nobody into the application without multi-factor authentication, \
          by its display name.",
    arguments: one(r#""name""#, "a name"),
    properties: RequireMfaProperties::RULES,
    block: BlockRule::Optional(Within::RequireMfa),
    repeats: false,
    example: "require-mfa \"AWS needs MFA\" strength=\"phishing-resistant\" state=\"enabled\" {\n    \
              except-to \"break-glass\"\n}",
};

pub(super) static MFA_EXCEPT_TO: WordRule = WordRule {
    name: "except-to",
    doc: "Groups that the policy does not bind, by their labels: those who must get in when everything else fails.",
    arguments: some(r#""group"…"#, "a group"),
    properties: &[],
    block: BlockRule::None,
    repeats: true,
    example: r#"require-mfa "AWS needs MFA" { except-to "break-glass" }"#,
};
