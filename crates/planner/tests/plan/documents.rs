//! The JSON document: what it counts, and that its digest can be computed again from what was saved.

use rolecall_planner::document::PlanDocument;
use rolecall_planner::render::json;

use crate::case::{HEAD, plan_of, project};
use crate::world::world;

/// Every case that can be planned, as a document that was written and read again.
fn documents() -> Vec<(String, PlanDocument)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/plan/cases");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let case = std::fs::read_to_string(&path).unwrap();
        let (config, world_text) = case.split_once("\n---\n").unwrap();
        let project = project(&format!("{HEAD}{config}"));
        let Ok(plan) = plan_of(&project, &world(world_text)) else { continue };
        let text = json::render(&plan, None, &project.sources);
        let document: PlanDocument = serde_json::from_str(&text).unwrap();
        assert_eq!(document, PlanDocument::new(&plan, None, &project.sources), "{}", path.display());
        found.push((path.display().to_string(), document));
    }
    assert!(found.len() > 20, "most cases can be planned");
    found
}

#[test]
fn the_digest_can_be_computed_from_a_saved_plan() {
    for (case, document) in documents() {
        assert_eq!(document.digest, Some(document.compute_digest().to_string()), "{case}");
    }
}

#[test]
fn a_damaged_document_has_another_digest() {
    for (case, document) in documents() {
        for at in 0..document.changes.len() {
            let mut damaged = document.clone();
            damaged.changes.remove(at);
            assert_ne!(damaged.compute_digest(), document.compute_digest(), "{case}, change {at}");
        }
    }
}

#[test]
fn the_counts_add_up() {
    for (case, document) in documents() {
        let counts = serde_json::to_value(&document.counts).unwrap();
        let sum: u64 = counts.as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum();
        assert_eq!(sum, document.changes.len() as u64, "{case}");
    }
}
