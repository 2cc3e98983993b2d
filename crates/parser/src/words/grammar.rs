//! Which words are allowed in which block. One list defines an enum for each kind of block, and [`Word`], the union of
//! all. `decode` matches each enum exhaustively, so a word that is added here but forgotten there does not compile.

use super::rule::{Within, WordRule};
use super::{accounts, assignments, entra, guards, permission_sets, policies, project, settings, templates};

/// Defines, for each kind of block, its places and words, in the order in which help lists them.
macro_rules! grammar {
    ($(
        $(#[$doc:meta])*
        $block:ident($words:ident) within $($within:ident)|+ { $($word:ident = $rule:expr,)+ }
    )+) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
            pub(crate) enum $words {
                $($word,)+
            }

            impl BlockWord for $words {
                fn of(word: Word) -> Option<Self> {
                    match word {
                        Word::$block(word) => Some(word),
                        _ => None,
                    }
                }
            }
        )+

        /// A word of the language in a kind of block.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Word {
            $($block($words),)+
        }

        impl Word {
            /// Returns its rule.
            pub(crate) fn rule(self) -> &'static WordRule {
                match self {
                    $($(Self::$block($words::$word) => &$rule,)+)+
                }
            }
        }

        /// Returns the words that are allowed in a place.
        pub(crate) fn words_within(within: Within) -> &'static [Word] {
            match within {
                $($(Within::$within)|+ => &[$(Word::$block($words::$word),)+],)+
            }
        }

        /// Every place with words.
        pub(crate) const PLACES: &[Within] = &[$($(Within::$within,)+)+];
    };
}

/// The words of one kind of block.
pub(crate) trait BlockWord: Sized {
    /// Returns the word as one of this kind of block, if it is one.
    fn of(word: Word) -> Option<Self>;
}

grammar! {
    /// The words at the top level of a file.
    File(FileWord) within File {
        Rolecall = project::ROLECALL,
        IdentityCenter = project::IDENTITY_CENTER,
        Include = project::INCLUDE,
        Group = project::GROUP,
        Accounts = accounts::ACCOUNT_SET,
        PermissionSet = permission_sets::PERMISSION_SET,
        ExternalPermissionSet = permission_sets::EXTERNAL_PERMISSION_SET,
        Assign = assignments::ASSIGN,
        Keep = assignments::KEEP,
        ReleasePermissionSet = permission_sets::RELEASE_PERMISSION_SET,
        Template = templates::TEMPLATE,
        Use = templates::USE,
        Guard = guards::GUARD,
        Entra = entra::ENTRA,
        Attributes = settings::ATTRIBUTES,
        Lint = settings::LINT,
    }

    /// The words of an `include`.
    Include(IncludeWord) within Include {
        MayContain = project::MAY_CONTAIN,
    }

    /// The words of a selection of accounts.
    Selection(SelectionWord) within AccountSet | On {
        Account = accounts::ACCOUNT,
        Unit = accounts::UNIT,
        Tag = accounts::ACCOUNT_TAG,
        Name = accounts::ACCOUNT_NAME,
        Accounts = accounts::ACCOUNTS,
        EveryMemberAccount = accounts::EVERY_MEMBER_ACCOUNT,
        Only = accounts::ONLY,
        Except = accounts::EXCEPT,
    }

    /// The words of an `only` or `except` in a selection, which are all selectors.
    Selector(SelectorWord) within Only | Except {
        Account = accounts::ACCOUNT,
        Unit = accounts::UNIT,
        Tag = accounts::ACCOUNT_TAG,
        Name = accounts::ACCOUNT_NAME,
        Accounts = accounts::ACCOUNTS,
        EveryMemberAccount = accounts::EVERY_MEMBER_ACCOUNT,
    }

    /// The words of a permission set.
    PermissionSet(PermissionSetWord) within PermissionSet {
        Description = permission_sets::DESCRIPTION,
        Session = permission_sets::SESSION,
        RelayState = permission_sets::RELAY_STATE,
        ManagedPolicy = permission_sets::MANAGED_POLICY,
        CustomerPolicy = permission_sets::CUSTOMER_POLICY,
        Boundary = permission_sets::BOUNDARY,
        InlinePolicy = policies::INLINE_POLICY,
        Tag = permission_sets::TAG,
        Adopt = permission_sets::ADOPT,
        RenamedFrom = permission_sets::RENAMED_FROM,
    }

    /// The words of a `boundary`.
    Boundary(BoundaryWord) within Boundary {
        ManagedPolicy = permission_sets::BOUNDARY_MANAGED_POLICY,
        CustomerPolicy = permission_sets::BOUNDARY_CUSTOMER_POLICY,
    }

    /// The words of an `inline-policy`.
    InlinePolicy(InlinePolicyWord) within InlinePolicy {
        Allow = policies::ALLOW,
        Deny = policies::DENY,
    }

    /// The words of a statement.
    Statement(StatementWord) within Statement {
        Resource = policies::RESOURCE,
        When = policies::WHEN,
    }

    /// The words of an `assign`.
    Assign(AssignWord) within Assign {
        To = assignments::ASSIGN_TO,
        ToUser = assignments::ASSIGN_TO_USER,
        On = assignments::ASSIGN_ON,
        Until = assignments::ASSIGN_UNTIL,
        Reason = assignments::ASSIGN_REASON,
    }

    /// The words of a `keep`.
    Keep(KeepWord) within Keep {
        To = assignments::KEEP_TO,
        ToUser = assignments::KEEP_TO_USER,
        ToUndeclared = assignments::KEEP_TO_UNDECLARED,
        On = assignments::KEEP_ON,
        Until = assignments::KEEP_UNTIL,
        Reason = assignments::KEEP_REASON,
    }

    /// The words of `attributes`.
    Attributes(AttributesWord) within Attributes {
        Attribute = settings::ATTRIBUTE,
    }

    /// The words of `entra`.
    Entra(EntraWord) within Entra {
        Application = entra::APPLICATION,
    }

    /// The words of an `application`.
    Application(ApplicationWord) within Application {
        Create = entra::CREATE,
        AssignGroups = entra::ASSIGN_GROUPS,
        UnassignGroup = entra::UNASSIGN_GROUP,
        Provisioning = entra::PROVISIONING,
        Saml = entra::SAML,
        RequireMfa = entra::REQUIRE_MFA,
    }

    /// The words of a `require-mfa`.
    RequireMfa(RequireMfaWord) within RequireMfa {
        ExceptTo = entra::MFA_EXCEPT_TO,
    }

    /// The words of a `guard`.
    Guard(GuardWord) within Guard {
        MaxDeletions = guards::MAX_DELETIONS,
        MaxGrants = guards::MAX_GRANTS,
        Protect = guards::PROTECT,
        Forbid = guards::FORBID,
        RequireUntil = guards::REQUIRE_UNTIL,
        Exception = guards::EXCEPTION,
    }

    /// The words of a `forbid` or a `require-until`.
    GuardFilter(GuardFilterWord) within Forbid | RequireUntil {
        PermissionSet = guards::OF_PERMISSION_SET,
        GrantsPolicy = guards::GRANTS_POLICY,
        To = guards::OF_GROUP,
        ToUser = guards::OF_USER,
        On = guards::ON_ACCOUNT,
        ExceptTo = guards::EXCEPT_TO,
        ExceptToUser = guards::EXCEPT_TO_USER,
    }

    /// The words of an `exception`.
    Exception(ExceptionWord) within Exception {
        PermissionSet = guards::OF_PERMISSION_SET,
        To = guards::OF_GROUP,
        ToUser = guards::OF_USER,
        On = guards::ON_ACCOUNT,
        Until = guards::EXCEPTION_UNTIL,
        Reason = guards::EXCEPTION_REASON,
    }

    /// The words of a `lint`.
    Lint(LintWord) within Lint {
        Reason = settings::LINT_REASON,
    }

    /// The words of a `template`.
    Template(TemplateWord) within Template {
        Assign = assignments::ASSIGN,
        Keep = assignments::KEEP,
        Parameter = templates::PARAMETER,
    }
}

impl Word {
    /// Returns the word as written.
    pub(crate) fn name(self) -> &'static str {
        self.rule().name
    }
}

impl FileWord {
    /// Returns the word as written.
    pub(crate) fn name(self) -> &'static str {
        Word::File(self).name()
    }

    /// Returns the word of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        words_within(Within::File).iter().find(|word| word.name() == name).copied().and_then(Self::of)
    }
}

/// Returns the words that a block requires: one of each list.
pub(crate) fn needed_within(within: Within) -> &'static [&'static [Word]] {
    match within {
        Within::Boundary => {
            &[&[Word::Boundary(BoundaryWord::ManagedPolicy), Word::Boundary(BoundaryWord::CustomerPolicy)]]
        }
        Within::Statement => &[&[Word::Statement(StatementWord::Resource)]],
        Within::Assign => &[
            &[Word::Assign(AssignWord::To), Word::Assign(AssignWord::ToUser)],
            &[Word::Assign(AssignWord::On)],
        ],
        Within::Exception => {
            &[&[Word::Exception(ExceptionWord::Until)], &[Word::Exception(ExceptionWord::Reason)]]
        }
        Within::File
        | Within::Include
        | Within::AccountSet
        | Within::On
        | Within::Only
        | Within::Except
        | Within::PermissionSet
        | Within::InlinePolicy
        | Within::Keep
        | Within::Attributes
        | Within::Entra
        | Within::Application
        | Within::RequireMfa
        | Within::Guard
        | Within::Forbid
        | Within::RequireUntil
        | Within::Lint
        | Within::Template => &[],
    }
}
