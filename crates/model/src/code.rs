//! The stable codes of all diagnostics. A code is never given a second meaning.

/// Defines the codes, their numbers, titles and pages in one table. The page is the file in `docs/diagnostics/` that has the
/// number as its name, so a code without one does not compile.
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

            /// `RC` and four digits.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $number,)* }
            }

            /// A few words that name the mistake.
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            /// Returns the page of `docs/diagnostics/`, which `rolecall explain` prints, with the marks around the part
            /// of it that is generated.
            pub fn page(self) -> &'static str {
                match self {
                    $(Self::$name => include_str!(concat!("../../../docs/diagnostics/", $number, ".md")),)*
                }
            }
        }
    };
}

codes! {
    ProjectNotFound = "RC0001", "no project here";
    FileUnreadable = "RC0002", "a file cannot be read";
    FileTooLarge = "RC0003", "a file is too large";
    NotUtf8 = "RC0004", "a file is not UTF-8";
    IncludeMatchesNothing = "RC0005", "an include matches no file";
    IncludeOutsideProject = "RC0006", "a path leaves the project's directory";
    IncludeNotHere = "RC0007", "include outside the project file";
    MayNotContain = "RC0008", "a file holds what it may not";
    MissingProjectNode = "RC0009", "what every project says is missing";
    UnsupportedLanguage = "RC0010", "an unknown version of the language";
    UnusedFile = "RC0011", "a file that nothing includes";
    TooManyMistakes = "RC0012", "more mistakes than are shown";

    UnknownNode = "RC0101", "an unknown word";
    UnknownProperty = "RC0102", "an unknown property";
    UnbalancedBraces = "RC0103", "braces that do not match";
    NestingTooDeep = "RC0104", "nested too deep";
    Slashdash = "RC0105", "slashdash is refused";
    UnquotedValue = "RC0106", "a value without quotes";
    Syntax = "RC0107", "not valid KDL";
    RepeatedProperty = "RC0108", "a property is given twice";
    WrongValueKind = "RC0109", "a value of the wrong kind";
    MissingArgument = "RC0110", "an argument is missing";
    UnexpectedArgument = "RC0111", "an argument too many";
    MissingProperty = "RC0112", "a property is missing";
    MissingChild = "RC0113", "a child is missing";
    UnexpectedChildren = "RC0114", "a block where none belongs";
    RepeatedNode = "RC0115", "a word that may stand once stands twice";
    ForbiddenCharacter = "RC0116", "a character that must not be here";
    TypeAnnotation = "RC0117", "a type annotation without a meaning";
    UnterminatedText = "RC0118", "a text or comment without an end";

    UnknownGroup = "RC0201", "a group that is not declared";
    UnknownAccountSet = "RC0202", "an account set that is not declared";
    UnknownPermissionSet = "RC0203", "a permission set that is not declared";
    DuplicateDeclaration = "RC0204", "declared twice";
    AccountSetCycle = "RC0205", "account sets that hold each other";
    InvalidIdentity = "RC0206", "a value that is no such id or name";
    InvalidDate = "RC0207", "not a date";
    InvalidSession = "RC0208", "not a session duration";
    LimitExceeded = "RC0209", "beyond a limit of AWS";
    SelectorNeedsOnly = "RC0210", "two selectors that read as one";
    InvalidPolicy = "RC0211", "not a policy document";
    NothingDeclared = "RC0212", "a block that says nothing";
    InvalidPattern = "RC0213", "not a pattern";
    RepeatedValue = "RC0214", "the same value twice";
    ReservedTag = "RC0215", "a tag that belongs to Rolecall";
    UnknownTemplate = "RC0216", "a template that is not declared";
    UnknownParameter = "RC0217", "a parameter that is not declared";
    ParameterMisplaced = "RC0218", "a parameter where its kind does not belong";
    ArgumentMissing = "RC0219", "a use without a value for a parameter";
    LifecycleContradiction = "RC0220", "lifecycle words that contradict each other";
    UnknownForbid = "RC0221", "an exception to a guard that is not there";
    UnknownPolicyElement = "RC0222", "a policy element that IAM does not know";
    UnknownConditionOperator = "RC0223", "a condition operator that IAM does not know";
    OldPolicyVersion = "RC0224", "a policy in the old version of IAM's language";
    InvalidMetadata = "RC0225", "a metadata document that cannot be used";
    MfaWithoutException = "RC0226", "a policy that would bind everybody";

    SelectorMatchesNothing = "RC0301", "a selector that matches no account";
    AccountSetEmpty = "RC0302", "an account set that is empty";
    AmbiguousAccountName = "RC0303", "several accounts of one name";
    GroupNotFound = "RC0304", "a group that does not exist";
    AmbiguousGroup = "RC0305", "several groups of one name";
    GroupContradiction = "RC0306", "a group whose id is another's";
    UserNotFound = "RC0307", "a user who does not exist";
    ConflictingExpiry = "RC0308", "wanted with and without an end";
    LaterExpiryHolds = "RC0309", "two ends for one assignment";
    NotOurs = "RC0310", "a permission set that no stack owns";
    OwnedByAnother = "RC0311", "a permission set of another stack";
    ExternalMissing = "RC0312", "an external permission set that does not exist";
    ExternalIsOurs = "RC0313", "an external permission set with this stack's tag";
    DirectUser = "RC0314", "a user assigned directly";
    SealedPermissionSet = "RC0315", "a permission set beyond a delegated administrator";
    PossibleRebind = "RC0316", "a group that may have taken another's name";
    ManagementAccountUnmatched = "RC0317", "the management account is matched by account alone";
    AmbiguousUser = "RC0318", "several users of one name";
    LastAssignment = "RC0319", "the last assignment of a permission set on an account";
    QuotaGap = "RC0320", "a gap in access that a quota forces";
    GroupRenamed = "RC0321", "a group that has another name now";
    RenameSourceNotOurs = "RC0322", "a rename from a permission set that is not ours";
    AdoptionWaits = "RC0323", "rows that an adopted permission set keeps for now";
    BaseUnusable = "RC0324", "a base that cannot be compared";

    TooManyDeletions = "RC0401", "more deletions than the guard allows";
    TooManyGrants = "RC0402", "more grants than the guard allows";
    ProtectedLoses = "RC0403", "a protected permission set that would lose";
    ForbiddenRows = "RC0404", "rows that a guard forbids";
    UntilRequired = "RC0405", "rows that need an end";
    PolicyWeakened = "RC0406", "a conditional access policy that would be weakened";

    NoInstance = "RC0501", "no Identity Center instance";
    SeveralInstances = "RC0502", "several Identity Center instances";
    WrongRegion = "RC0503", "not the primary Region";
    PermissionSetsDisabled = "RC0504", "an instance without permission sets";
    ReadFailed = "RC0505", "a read from AWS that failed";
    SnapshotUnusable = "RC0506", "a snapshot that cannot be used";
    NoCredentials = "RC0507", "no credentials";

    DigestDiffers = "RC0601", "the plan is not the one that was approved";
    NotApplicable = "RC0602", "a plan that cannot be applied here";
    ApprovalNeeded = "RC0603", "an apply that nobody approved";
    ApplyIncomplete = "RC0604", "an apply that did not finish";

    UnusedGroup = "RC0701", "a group that is declared and not used";
    UnusedAccountSet = "RC0702", "an account set that is declared and not used";
    LiteralLikeParameter = "RC0703", "a text that is a parameter's name";
    WildcardStatement = "RC0704", "a wildcard action on a wildcard resource";
    CrowdedPermissionSet = "RC0705", "a permission set with more groups on an account than AWS takes";
    ManyPolicies = "RC0706", "a permission set beyond IAM's count of policies";
    EndsSoon = "RC0707", "an end within 14 days";
    UnpinnedAdministrators = "RC0708", "administrators found by name alone";
    IdleWord = "RC0709", "a word that no longer does anything";

    ImportIncomplete = "RC0801", "something that import leaves out";
    TerraformUnusable = "RC0802", "a Terraform state that cannot be used";
    WouldOverwrite = "RC0803", "files that would be overwritten";

    GroupNotAssignable = "RC0901", "a group that cannot be assigned to an application";
    NestedGroups = "RC0902", "groups within a group that gets access";
    ApplicationMissing = "RC0903", "an enterprise application that does not exist";
    AmbiguousApplication = "RC0904", "several enterprise applications of one name";
    GroupNotAssigned = "RC0905", "a group that is not assigned to the application";
    UnassignContradiction = "RC0906", "a group that is unassigned and used";
    ProvisioningTrouble = "RC0907", "provisioning that does not work";
    TokenEndsSoon = "RC0908", "a SCIM token that ends soon";
    AttributeMapping = "RC0909", "an attribute mapping that does not fit";
    SamlMismatch = "RC0910", "SAML settings that do not fit each other";
    CertificateEndsSoon = "RC0911", "a signing certificate that ends soon";
    MfaWaits = "RC0912", "a policy that is made in report-only first";
    ConsoleStep = "RC0913", "a step that AWS has no API for";
    GroupWaits = "RC0914", "a group that is not in the Identity Store yet";
    LeftBehind = "RC0915", "a user who left a group and remains in AWS";
    AmbiguousPolicy = "RC0916", "several conditional access policies of one name";
    OrphanedRows = "RC0917", "assignments whose group or user is gone";
    SignInsFail = "RC0918", "sign-ins that fail";
    MemberMissing = "RC0919", "a member of a group who is not in AWS";
}

impl std::fmt::Display for Code {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl std::str::FromStr for Code {
    type Err = UnknownCode;

    /// Reads a code in upper or lower case.
    fn from_str(text: &str) -> Result<Self, UnknownCode> {
        let found = Self::ALL.iter().find(|code| code.as_str().eq_ignore_ascii_case(text));
        found.copied().ok_or_else(|| UnknownCode(text.to_owned()))
    }
}

/// A text that names no code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no code of Rolecall; codes are RC and four digits, such as RC0101")]
pub struct UnknownCode(pub String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise_so_none_is_given_twice() {
        assert!(Code::ALL.windows(2).all(|pair| pair[0].as_str() < pair[1].as_str()));
    }
}
