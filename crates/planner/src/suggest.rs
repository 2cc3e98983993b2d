//! Suggestions for unknown names.

/// Minimum similarity for a suggestion, from 0 to 1 (Jaro-Winkler).
const LIKENESS: f64 = 0.85;

/// Returns the candidate most similar to `text`, if it is similar enough.
pub(crate) fn nearest<'c>(text: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    let lowered = text.to_lowercase();
    candidates
        .map(|candidate| (strsim::jaro_winkler(&lowered, &candidate.to_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness > LIKENESS)
        .max_by(|(one, a), (other, b)| one.total_cmp(other).then_with(|| b.cmp(a)))
        .map(|(_, candidate)| candidate)
}
