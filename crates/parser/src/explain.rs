//! The pages that `rolecall explain` prints, part of the program so that they need no network.

use rolecall_model::Code;
use rolecall_model::lint::LINTS;

use crate::nearest::nearest;

/// What stands around the part of a page that is made from the tests.
const MARK: &str = "<!-- ";

/// The page of a code, as Markdown.
pub fn explain(code: Code) -> String {
    let mut text = String::new();
    let mut is_behind_mark = false;
    for line in page(code).lines() {
        let is_mark = line.starts_with(MARK);
        let is_gap = is_behind_mark && line.is_empty();
        if !is_mark && !is_gap {
            text.push_str(line);
            text.push('\n');
        }
        is_behind_mark = is_mark;
    }
    text
}

/// The lint that a name was probably meant for. One that is spelt with `_` for `-`, or in another case, is near too.
pub fn nearest_lint(name: &str) -> Option<&'static str> {
    nearest(&name.replace('_', "-"), LINTS.iter().map(|(lint, _)| *lint))
}

/// The first paragraph of a code's page, on one line.
pub(crate) fn summary(code: Code) -> String {
    let paragraph = page(code).split("\n\n").nth(1).unwrap_or_default();
    paragraph.lines().collect::<Vec<_>>().join(" ")
}

/// The page of a code as it is kept, with the marks around what is generated. One line a code: a code without a page
/// does not compile.
pub fn page(code: Code) -> &'static str {
    match code {
        Code::ProjectNotFound => include_str!("../../../docs/diagnostics/RC0001.md"),
        Code::FileUnreadable => include_str!("../../../docs/diagnostics/RC0002.md"),
        Code::FileTooLarge => include_str!("../../../docs/diagnostics/RC0003.md"),
        Code::NotUtf8 => include_str!("../../../docs/diagnostics/RC0004.md"),
        Code::IncludeMatchesNothing => include_str!("../../../docs/diagnostics/RC0005.md"),
        Code::IncludeOutsideProject => include_str!("../../../docs/diagnostics/RC0006.md"),
        Code::IncludeNotHere => include_str!("../../../docs/diagnostics/RC0007.md"),
        Code::MayNotContain => include_str!("../../../docs/diagnostics/RC0008.md"),
        Code::MissingProjectNode => include_str!("../../../docs/diagnostics/RC0009.md"),
        Code::UnsupportedLanguage => include_str!("../../../docs/diagnostics/RC0010.md"),
        Code::UnusedFile => include_str!("../../../docs/diagnostics/RC0011.md"),
        Code::TooManyMistakes => include_str!("../../../docs/diagnostics/RC0012.md"),
        Code::UnknownNode => include_str!("../../../docs/diagnostics/RC0101.md"),
        Code::UnknownProperty => include_str!("../../../docs/diagnostics/RC0102.md"),
        Code::UnbalancedBraces => include_str!("../../../docs/diagnostics/RC0103.md"),
        Code::NestingTooDeep => include_str!("../../../docs/diagnostics/RC0104.md"),
        Code::Slashdash => include_str!("../../../docs/diagnostics/RC0105.md"),
        Code::UnquotedValue => include_str!("../../../docs/diagnostics/RC0106.md"),
        Code::Syntax => include_str!("../../../docs/diagnostics/RC0107.md"),
        Code::RepeatedProperty => include_str!("../../../docs/diagnostics/RC0108.md"),
        Code::WrongValueKind => include_str!("../../../docs/diagnostics/RC0109.md"),
        Code::MissingArgument => include_str!("../../../docs/diagnostics/RC0110.md"),
        Code::UnexpectedArgument => include_str!("../../../docs/diagnostics/RC0111.md"),
        Code::MissingProperty => include_str!("../../../docs/diagnostics/RC0112.md"),
        Code::MissingChild => include_str!("../../../docs/diagnostics/RC0113.md"),
        Code::UnexpectedChildren => include_str!("../../../docs/diagnostics/RC0114.md"),
        Code::RepeatedNode => include_str!("../../../docs/diagnostics/RC0115.md"),
        Code::ForbiddenCharacter => include_str!("../../../docs/diagnostics/RC0116.md"),
        Code::TypeAnnotation => include_str!("../../../docs/diagnostics/RC0117.md"),
        Code::UnterminatedText => include_str!("../../../docs/diagnostics/RC0118.md"),
        Code::UnknownGroup => include_str!("../../../docs/diagnostics/RC0201.md"),
        Code::UnknownAccountSet => include_str!("../../../docs/diagnostics/RC0202.md"),
        Code::UnknownPermissionSet => include_str!("../../../docs/diagnostics/RC0203.md"),
        Code::DuplicateDeclaration => include_str!("../../../docs/diagnostics/RC0204.md"),
        Code::AccountSetCycle => include_str!("../../../docs/diagnostics/RC0205.md"),
        Code::InvalidIdentity => include_str!("../../../docs/diagnostics/RC0206.md"),
        Code::InvalidDate => include_str!("../../../docs/diagnostics/RC0207.md"),
        Code::InvalidSession => include_str!("../../../docs/diagnostics/RC0208.md"),
        Code::LimitExceeded => include_str!("../../../docs/diagnostics/RC0209.md"),
        Code::SelectorNeedsOnly => include_str!("../../../docs/diagnostics/RC0210.md"),
        Code::InvalidPolicy => include_str!("../../../docs/diagnostics/RC0211.md"),
        Code::NothingDeclared => include_str!("../../../docs/diagnostics/RC0212.md"),
        Code::InvalidPattern => include_str!("../../../docs/diagnostics/RC0213.md"),
        Code::RepeatedValue => include_str!("../../../docs/diagnostics/RC0214.md"),
        Code::ReservedTag => include_str!("../../../docs/diagnostics/RC0215.md"),
        Code::UnknownTemplate => include_str!("../../../docs/diagnostics/RC0216.md"),
        Code::UnknownParameter => include_str!("../../../docs/diagnostics/RC0217.md"),
        Code::ParameterMisplaced => include_str!("../../../docs/diagnostics/RC0218.md"),
        Code::ArgumentMissing => include_str!("../../../docs/diagnostics/RC0219.md"),
        Code::LifecycleContradiction => include_str!("../../../docs/diagnostics/RC0220.md"),
        Code::UnknownForbid => include_str!("../../../docs/diagnostics/RC0221.md"),
        Code::UnknownPolicyElement => include_str!("../../../docs/diagnostics/RC0222.md"),
        Code::UnknownConditionOperator => include_str!("../../../docs/diagnostics/RC0223.md"),
        Code::OldPolicyVersion => include_str!("../../../docs/diagnostics/RC0224.md"),
        Code::InvalidMetadata => include_str!("../../../docs/diagnostics/RC0225.md"),
        Code::MfaWithoutException => include_str!("../../../docs/diagnostics/RC0226.md"),
        Code::SelectorMatchesNothing => include_str!("../../../docs/diagnostics/RC0301.md"),
        Code::AccountSetEmpty => include_str!("../../../docs/diagnostics/RC0302.md"),
        Code::AmbiguousAccountName => include_str!("../../../docs/diagnostics/RC0303.md"),
        Code::GroupNotFound => include_str!("../../../docs/diagnostics/RC0304.md"),
        Code::AmbiguousGroup => include_str!("../../../docs/diagnostics/RC0305.md"),
        Code::GroupContradiction => include_str!("../../../docs/diagnostics/RC0306.md"),
        Code::UserNotFound => include_str!("../../../docs/diagnostics/RC0307.md"),
        Code::ConflictingExpiry => include_str!("../../../docs/diagnostics/RC0308.md"),
        Code::LaterExpiryHolds => include_str!("../../../docs/diagnostics/RC0309.md"),
        Code::NotOurs => include_str!("../../../docs/diagnostics/RC0310.md"),
        Code::OwnedByAnother => include_str!("../../../docs/diagnostics/RC0311.md"),
        Code::ExternalMissing => include_str!("../../../docs/diagnostics/RC0312.md"),
        Code::ExternalIsOurs => include_str!("../../../docs/diagnostics/RC0313.md"),
        Code::DirectUser => include_str!("../../../docs/diagnostics/RC0314.md"),
        Code::SealedPermissionSet => include_str!("../../../docs/diagnostics/RC0315.md"),
        Code::PossibleRebind => include_str!("../../../docs/diagnostics/RC0316.md"),
        Code::ManagementAccountUnmatched => include_str!("../../../docs/diagnostics/RC0317.md"),
        Code::AmbiguousUser => include_str!("../../../docs/diagnostics/RC0318.md"),
        Code::LastAssignment => include_str!("../../../docs/diagnostics/RC0319.md"),
        Code::QuotaGap => include_str!("../../../docs/diagnostics/RC0320.md"),
        Code::GroupRenamed => include_str!("../../../docs/diagnostics/RC0321.md"),
        Code::RenameSourceNotOurs => include_str!("../../../docs/diagnostics/RC0322.md"),
        Code::AdoptionWaits => include_str!("../../../docs/diagnostics/RC0323.md"),
        Code::BaseUnusable => include_str!("../../../docs/diagnostics/RC0324.md"),
        Code::TooManyDeletions => include_str!("../../../docs/diagnostics/RC0401.md"),
        Code::TooManyGrants => include_str!("../../../docs/diagnostics/RC0402.md"),
        Code::ProtectedLoses => include_str!("../../../docs/diagnostics/RC0403.md"),
        Code::ForbiddenRows => include_str!("../../../docs/diagnostics/RC0404.md"),
        Code::UntilRequired => include_str!("../../../docs/diagnostics/RC0405.md"),
        Code::PolicyWeakened => include_str!("../../../docs/diagnostics/RC0406.md"),
        Code::NoInstance => include_str!("../../../docs/diagnostics/RC0501.md"),
        Code::SeveralInstances => include_str!("../../../docs/diagnostics/RC0502.md"),
        Code::WrongRegion => include_str!("../../../docs/diagnostics/RC0503.md"),
        Code::PermissionSetsDisabled => include_str!("../../../docs/diagnostics/RC0504.md"),
        Code::ReadFailed => include_str!("../../../docs/diagnostics/RC0505.md"),
        Code::SnapshotUnusable => include_str!("../../../docs/diagnostics/RC0506.md"),
        Code::NoCredentials => include_str!("../../../docs/diagnostics/RC0507.md"),
        Code::DigestDiffers => include_str!("../../../docs/diagnostics/RC0601.md"),
        Code::NotApplicable => include_str!("../../../docs/diagnostics/RC0602.md"),
        Code::ApprovalNeeded => include_str!("../../../docs/diagnostics/RC0603.md"),
        Code::ApplyIncomplete => include_str!("../../../docs/diagnostics/RC0604.md"),
        Code::UnusedGroup => include_str!("../../../docs/diagnostics/RC0701.md"),
        Code::UnusedAccountSet => include_str!("../../../docs/diagnostics/RC0702.md"),
        Code::LiteralLikeParameter => include_str!("../../../docs/diagnostics/RC0703.md"),
        Code::WildcardStatement => include_str!("../../../docs/diagnostics/RC0704.md"),
        Code::CrowdedPermissionSet => include_str!("../../../docs/diagnostics/RC0705.md"),
        Code::ManyPolicies => include_str!("../../../docs/diagnostics/RC0706.md"),
        Code::EndsSoon => include_str!("../../../docs/diagnostics/RC0707.md"),
        Code::UnpinnedAdministrators => include_str!("../../../docs/diagnostics/RC0708.md"),
        Code::IdleWord => include_str!("../../../docs/diagnostics/RC0709.md"),
        Code::ImportIncomplete => include_str!("../../../docs/diagnostics/RC0801.md"),
        Code::TerraformUnusable => include_str!("../../../docs/diagnostics/RC0802.md"),
        Code::WouldOverwrite => include_str!("../../../docs/diagnostics/RC0803.md"),
        Code::GroupNotAssignable => include_str!("../../../docs/diagnostics/RC0901.md"),
        Code::NestedGroups => include_str!("../../../docs/diagnostics/RC0902.md"),
        Code::ApplicationMissing => include_str!("../../../docs/diagnostics/RC0903.md"),
        Code::AmbiguousApplication => include_str!("../../../docs/diagnostics/RC0904.md"),
        Code::GroupNotAssigned => include_str!("../../../docs/diagnostics/RC0905.md"),
        Code::UnassignContradiction => include_str!("../../../docs/diagnostics/RC0906.md"),
        Code::ProvisioningTrouble => include_str!("../../../docs/diagnostics/RC0907.md"),
        Code::TokenEndsSoon => include_str!("../../../docs/diagnostics/RC0908.md"),
        Code::AttributeMapping => include_str!("../../../docs/diagnostics/RC0909.md"),
        Code::SamlMismatch => include_str!("../../../docs/diagnostics/RC0910.md"),
        Code::CertificateEndsSoon => include_str!("../../../docs/diagnostics/RC0911.md"),
        Code::MfaWaits => include_str!("../../../docs/diagnostics/RC0912.md"),
        Code::ConsoleStep => include_str!("../../../docs/diagnostics/RC0913.md"),
        Code::GroupWaits => include_str!("../../../docs/diagnostics/RC0914.md"),
        Code::LeftBehind => include_str!("../../../docs/diagnostics/RC0915.md"),
        Code::AmbiguousPolicy => include_str!("../../../docs/diagnostics/RC0916.md"),
        Code::OrphanedRows => include_str!("../../../docs/diagnostics/RC0917.md"),
        Code::SignInsFail => include_str!("../../../docs/diagnostics/RC0918.md"),
        Code::MemberMissing => include_str!("../../../docs/diagnostics/RC0919.md"),
    }
}
