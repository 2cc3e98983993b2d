//! Links to further pages.

use rolecall_entra::{Scope, observe};

use crate::world::{Bench, DOMAIN, answer};

async fn refused(bench: &Bench) -> String {
    let scope = Scope { tenant: DOMAIN.to_owned(), conditional_access: true, ..Scope::default() };
    let error = observe(&bench.reader(), &scope).await.unwrap_err();
    let sent = bench.wire.sent.lock().unwrap();
    assert!(
        sent.iter().all(|one| one.uri().to_string().starts_with("https://graph.microsoft.com/v1.0/")),
        "{sent:?}"
    );
    error.to_string()
}

#[tokio::test(start_paused = true)]
async fn a_link_to_another_host_gets_no_token() {
    for link in [
        "https://graph.microsoft.com.evil.example/v1.0/policies",
        "https://graph.microsoft.com@evil.example/v1.0/policies",
        "http://graph.microsoft.com/v1.0/policies",
        "https://graph.microsoft.com:8443/v1.0/policies",
        "https://graph.microsoft.com/beta/policies",
        "//evil.example/v1.0/",
        "/v1.0/policies",
    ] {
        // The answering function cannot hold the link, so each is its own.
        let body = format!(r#"{{"value":[],"@odata.nextLink":"{link}"}}"#);
        LINK.with(|cell| cell.replace(body));
        let bench = Bench::answering(|request| {
            let is_list = request.uri().path().ends_with("/conditionalAccess/policies");
            is_list.then(|| answer(200, &LINK.with(|cell| cell.borrow().clone())))
        });
        let error = refused(&bench).await;
        assert!(error.contains("the link to the next page leads to another host"), "{link}: {error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_that_refers_to_itself_ends() {
    let bench = Bench::answering(|request| {
        let is_list = request.uri().path().ends_with("/conditionalAccess/policies");
        let link = "https://graph.microsoft.com/v1.0/identity/conditionalAccess/policies?$skiptoken=a";
        is_list.then(|| answer(200, &format!(r#"{{"value":[],"@odata.nextLink":"{link}"}}"#)))
    });
    assert!(refused(&bench).await.contains("a page's link repeats"));
}

thread_local! {
    static LINK: std::cell::RefCell<String> = const { std::cell::RefCell::new(String::new()) };
}
