//! The stable codes of all diagnostics. A code is never reused.

/// Defines the codes, their numbers, titles and pages in one table. The page is the file in `docs/diagnostics/` named after
/// the number, so a code without a page does not compile.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $title:literal;)*) => {
        /// The code of a diagnostic.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = concat!("`", $number, "`: ", $title, ".")] $name,)*
        }

        impl Code {
            /// Every code, in the order of their numbers.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Returns the code as text: `RC` and four digits.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $number,)* }
            }

            /// Returns a short title.
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            /// Returns the page from `docs/diagnostics/`, which `rolecall explain` prints. It includes the markers around
            /// its generated part.
            pub fn page(self) -> &'static str {
                match self {
                    $(Self::$name => include_str!(concat!("../../../docs/diagnostics/", $number, ".md")),)*
                }
            }
        }
    };
}

codes! {
    ProjectNotFound = "RC0001", "project not found";
    FileUnreadable = "RC0002", "unreadable file";
    FileTooLarge = "RC0003", "file too large";
    NotUtf8 = "RC0004", "file is not UTF-8";
    IncludeMatchesNothing = "RC0005", "include without a matching file";
    IncludeOutsideProject = "RC0006", "path outside the project directory";
    IncludeNotHere = "RC0007", "include outside the project file";
    MayNotContain = "RC0008", "word not allowed in this file";
    MissingProjectNode = "RC0009", "required word missing from the project";
    UnsupportedLanguage = "RC0010", "unsupported version of the language";
    UnusedFile = "RC0011", "file that is not included";
    TooManyDiagnostics = "RC0012", "more errors or warnings than shown";

    UnknownNode = "RC0101", "unknown word";
    UnknownProperty = "RC0102", "unknown property";
    UnbalancedBraces = "RC0103", "unbalanced braces";
    NestingTooDeep = "RC0104", "blocks nested too deeply";
    Slashdash = "RC0105", "slashdash is not supported";
    UnquotedValue = "RC0106", "value without quotes";
    Syntax = "RC0107", "invalid KDL";
    RepeatedProperty = "RC0108", "duplicate property";
    WrongValueKind = "RC0109", "invalid value";
    MissingArgument = "RC0110", "missing value";
    UnexpectedArgument = "RC0111", "unexpected value";
    MissingProperty = "RC0112", "missing property";
    MissingChild = "RC0113", "missing word in a block";
    UnexpectedChildren = "RC0114", "unexpected block";
    RepeatedNode = "RC0115", "duplicate word";
    ForbiddenCharacter = "RC0116", "forbidden character";
    TypeAnnotation = "RC0117", "type annotation without a meaning";
    UnterminatedText = "RC0118", "unterminated text or comment";

    UnknownGroup = "RC0201", "undeclared group";
    UnknownAccountSet = "RC0202", "undeclared account set";
    UnknownPermissionSet = "RC0203", "undeclared permission set";
    DuplicateDeclaration = "RC0204", "duplicate declaration";
    AccountSetCycle = "RC0205", "cycle of account sets";
    InvalidIdentity = "RC0206", "invalid ID or name";
    InvalidDate = "RC0207", "invalid date";
    InvalidSession = "RC0208", "invalid session duration";
    LimitExceeded = "RC0209", "limit of AWS exceeded";
    SelectorNeedsOnly = "RC0210", "selectors that add up";
    InvalidPolicy = "RC0211", "invalid policy document";
    NothingDeclared = "RC0212", "empty block";
    InvalidPattern = "RC0213", "invalid pattern";
    RepeatedValue = "RC0214", "duplicate value";
    ReservedTag = "RC0215", "tag reserved for Rolecall";
    UnknownTemplate = "RC0216", "undeclared template";
    UnknownParameter = "RC0217", "undeclared parameter";
    ParameterMisplaced = "RC0218", "misplaced parameter";
    ArgumentMissing = "RC0219", "missing value for a parameter";
    LifecycleContradiction = "RC0220", "contradicting lifecycle words";
    UnknownForbid = "RC0221", "exception to an unknown guard";
    UnknownPolicyElement = "RC0222", "unknown policy element";
    UnknownConditionOperator = "RC0223", "unknown condition operator";
    OldPolicyVersion = "RC0224", "old version of the IAM policy language";
    InvalidMetadata = "RC0225", "unusable metadata document";
    MfaWithoutException = "RC0226", "policy that excludes nobody";

    SelectorMatchesNothing = "RC0301", "selector without a matching account";
    AccountSetEmpty = "RC0302", "empty account set";
    AmbiguousAccountName = "RC0303", "ambiguous account name";
    GroupNotFound = "RC0304", "group not found";
    AmbiguousGroup = "RC0305", "ambiguous group name";
    GroupContradiction = "RC0306", "group with another group's ID";
    UserNotFound = "RC0307", "user not found";
    ConflictingExpiry = "RC0308", "assignment with and without an end";
    LaterExpiryHolds = "RC0309", "two ends for one assignment";
    NotOurs = "RC0310", "permission set without an owner";
    OwnedByAnother = "RC0311", "permission set of another stack";
    ExternalMissing = "RC0312", "external permission set not found";
    ExternalIsOurs = "RC0313", "external permission set with this stack's tag";
    DirectUser = "RC0314", "user assigned directly";
    SealedPermissionSet = "RC0315", "permission set beyond a delegated administrator";
    PossibleRebind = "RC0316", "group that may have taken another group's name";
    ManagementAccountUnmatched = "RC0317", "management account not matched";
    AmbiguousUser = "RC0318", "ambiguous user name";
    LastAssignment = "RC0319", "last assignment of a permission set in an account";
    QuotaGap = "RC0320", "gap in access because of a quota";
    GroupRenamed = "RC0321", "renamed group";
    RenameSourceNotOurs = "RC0322", "rename from an unowned permission set";
    AdoptionWaits = "RC0323", "assignments kept during adoption";
    BaseUnusable = "RC0324", "unusable base";

    TooManyDeletions = "RC0401", "more deletions than the guard allows";
    TooManyGrants = "RC0402", "more grants than the guard allows";
    ProtectedLoses = "RC0403", "loss for a protected permission set";
    ForbiddenRows = "RC0404", "assignments that a guard forbids";
    UntilRequired = "RC0405", "assignments that need an end";
    PolicyWeakened = "RC0406", "weakened conditional access policy";

    NoInstance = "RC0501", "no Identity Center instance";
    SeveralInstances = "RC0502", "several Identity Center instances";
    WrongRegion = "RC0503", "not the primary Region";
    PermissionSetsDisabled = "RC0504", "instance without permission sets";
    ReadFailed = "RC0505", "failed read";
    SnapshotUnusable = "RC0506", "unusable snapshot";
    NoCredentials = "RC0507", "no credentials";

    DigestDiffers = "RC0601", "plan differs from the approved one";
    NotApplicable = "RC0602", "plan that cannot be applied";
    ApprovalNeeded = "RC0603", "apply without approval";
    ApplyIncomplete = "RC0604", "incomplete apply";

    UnusedGroup = "RC0701", "unused group";
    UnusedAccountSet = "RC0702", "unused account set";
    LiteralLikeParameter = "RC0703", "text that equals the name of a parameter";
    WildcardStatement = "RC0704", "wildcard action on a wildcard resource";
    CrowdedPermissionSet = "RC0705", "permission set with too many groups in an account";
    ManyPolicies = "RC0706", "more policies than IAM's default quota";
    EndsSoon = "RC0707", "end within 14 days";
    UnpinnedAdministrators = "RC0708", "administrators matched by name only";
    IdleWord = "RC0709", "lifecycle word without an effect";

    ImportIncomplete = "RC0801", "omission by import";
    TerraformUnusable = "RC0802", "unusable Terraform state";
    WouldOverwrite = "RC0803", "files that would be overwritten";

    GroupNotAssignable = "RC0901", "group that cannot be assigned to an application";
    NestedGroups = "RC0902", "nested groups";
    ApplicationMissing = "RC0903", "enterprise application not found";
    AmbiguousApplication = "RC0904", "ambiguous enterprise application";
    GroupNotAssigned = "RC0905", "group not assigned to the application";
    UnassignContradiction = "RC0906", "group that is both unassigned and used";
    ProvisioningTrouble = "RC0907", "provisioning problem";
    TokenEndsSoon = "RC0908", "expiring SCIM token";
    AttributeMapping = "RC0909", "mismatched attribute mapping";
    SamlMismatch = "RC0910", "mismatched SAML settings";
    CertificateEndsSoon = "RC0911", "expiring signing certificate";
    MfaWaits = "RC0912", "policy that begins in report-only mode";
    ConsoleStep = "RC0913", "step without an AWS API";
    GroupWaits = "RC0914", "group not yet in the Identity Store";
    LeftBehind = "RC0915", "user who left a group but remains in AWS";
    AmbiguousPolicy = "RC0916", "ambiguous conditional access policy";
    OrphanedRows = "RC0917", "orphaned assignments";
    SignInsFail = "RC0918", "failing sign-ins";
    MemberMissing = "RC0919", "group member missing in AWS";
}

impl std::fmt::Display for Code {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl std::str::FromStr for Code {
    type Err = UnknownCode;

    /// Parses a code in upper or lower case.
    fn from_str(text: &str) -> Result<Self, UnknownCode> {
        let found = Self::ALL.iter().find(|code| code.as_str().eq_ignore_ascii_case(text));
        found.copied().ok_or_else(|| UnknownCode(text.to_owned()))
    }
}

/// A text that is not a code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a Rolecall code; codes consist of RC and four digits, such as RC0101")]
pub struct UnknownCode(pub String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise_so_none_is_given_twice() {
        assert!(Code::ALL.windows(2).all(|pair| pair[0].as_str() < pair[1].as_str()));
    }
}
