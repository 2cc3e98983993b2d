//! The connection to Graph, and the one way in which every call goes out.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Request, Response, Uri};
use rolecall_applier::retry::{AFTER_FAILURE, ATTEMPTS, Jitter};
use serde::de::DeserializeOwned;

use crate::auth::{Credential, Tokens};
use crate::bodies::Page;
use crate::failure::{GraphError, Kind};
use crate::limits::Limits;
use crate::request::{Call, Change, Read};
use crate::retry::{AFTER_THROTTLE, WHILE_IT_SETTLES};
use crate::routes::Route;
use crate::statistics::Statistics;
use crate::transport::Transport;

/// The version of Graph that is called.
const VERSION: &str = "/v1.0";

/// Where Graph and the rest of Entra are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// Scheme and authority of Graph, without a slash at the end.
    pub graph: String,
    /// The same of the place of tokens and metadata documents. `azure_identity` takes the one for tokens from
    /// `AZURE_AUTHORITY_HOST`, where that is set.
    pub login: String,
}

impl Default for Endpoints {
    /// Microsoft's global cloud.
    fn default() -> Self {
        Self {
            graph: "https://graph.microsoft.com".to_owned(),
            login: "https://login.microsoftonline.com".to_owned(),
        }
    }
}

/// How to reach Graph. It prints without its transport, which may hold what it carried.
#[derive(Clone)]
pub struct Connection {
    /// What carries HTTP requests: the network, or the sandbox's service.
    pub transport: Arc<dyn Transport>,
    /// Where to.
    pub endpoints: Endpoints,
    /// Who calls.
    pub credential: Credential,
    /// Waits are spread from this. Two pipelines that start together should have different ones.
    pub seed: u64,
}

impl fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { transport: _, endpoints, credential, seed: _ } = self;
        let mut printed = formatter.debug_struct("Connection");
        printed.field("endpoints", endpoints).field("credential", credential).finish_non_exhaustive()
    }
}

/// Reads from Graph. Clones share limits, token and statistics.
#[derive(Debug, Clone)]
pub struct Reader {
    shared: Arc<Shared>,
}

/// Reads from Graph and changes things there.
#[derive(Debug, Clone)]
pub struct Writer {
    reader: Reader,
}

struct Shared {
    transport: Arc<dyn Transport>,
    endpoints: Endpoints,
    tokens: Tokens,
    limits: Limits,
    jitter: Jitter,
    statistics: Mutex<Statistics>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut printed = formatter.debug_struct("Shared");
        printed.field("endpoints", &self.endpoints).field("tokens", &self.tokens).finish_non_exhaustive()
    }
}

/// Makes a client that reads; nothing is sent yet. Must be used in a tokio runtime with its clock on.
pub fn connect(connection: Connection) -> Reader {
    let Connection { transport, endpoints, credential, seed } = connection;
    let tokens = Tokens::new(credential, Arc::clone(&transport));
    let shared = Shared {
        transport,
        endpoints,
        tokens,
        limits: Limits::new(),
        jitter: Jitter::new(seed),
        statistics: Mutex::new(Statistics::default()),
    };
    Reader { shared: Arc::new(shared) }
}

/// Makes a client that reads and writes; nothing is sent yet. As [`connect`].
pub fn connect_for_writing(connection: Connection) -> Writer {
    Writer { reader: connect(connection) }
}

/// Whether a request may be sent again when it is not known if it took effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Resend {
    /// It reads. Whatever is in the way of others is not in its own.
    Read,
    /// Twice is as good as once.
    Always,
    /// Twice makes two things; look first.
    OnlyIfUnsent,
}

/// An answer that is a success.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) body: Bytes,
    pub(crate) request_id: Option<String>,
}

impl Writer {
    /// The part that reads, with the same limits and the same token.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Sends a change that may be sent twice.
    pub(crate) async fn change(&self, change: &Change) -> Result<Answer, GraphError> {
        self.reader.call(&change.0, Resend::Always).await
    }

    /// Sends a change that must not be sent twice: where its answer is lost, the error comes back at once, and
    /// [`GraphError::may_have_taken_effect`] says so.
    pub(crate) async fn change_once(&self, change: &Change) -> Result<Answer, GraphError> {
        self.reader.call(&change.0, Resend::OnlyIfUnsent).await
    }
}

impl Reader {
    /// What was asked of Graph so far.
    pub fn statistics(&self) -> Statistics {
        self.shared.statistics.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads one thing.
    pub(crate) async fn get<T: DeserializeOwned>(&self, read: &Read) -> Result<T, GraphError> {
        let answer = self.call(&read.0, Resend::Read).await?;
        serde_json::from_slice(&answer.body).map_err(|error| GraphError::unreadable(read.0.route, error))
    }

    /// Reads a list to its end.
    pub(crate) async fn list<T: DeserializeOwned>(&self, read: &Read) -> Result<Vec<T>, GraphError> {
        let first: Page<T> = self.get(read).await?;
        self.rest_of(read.0.route, first).await
    }

    /// Reads a list from its first page to its end. A page may be empty and still have a link.
    pub(crate) async fn rest_of<T: DeserializeOwned>(
        &self,
        route: &'static Route,
        first: Page<T>,
    ) -> Result<Vec<T>, GraphError> {
        let Page { value: mut all, next_link: mut next } = first;
        let mut followed = BTreeSet::new();
        while let Some(link) = next {
            self.check_link(route, &link)?;
            // Such a listing would never end.
            if !followed.insert(link.clone()) {
                return Err(GraphError::unreadable(route, "a page's link leads to a page that was read"));
            }
            let page: Page<T> = self.get(&Read::link(route, link)).await?;
            all.extend(page.value);
            next = page.next_link;
        }
        Ok(all)
    }

    /// Refuses a link that leads elsewhere: the token goes where it leads.
    fn check_link(&self, route: &'static Route, link: &str) -> Result<(), GraphError> {
        let base: Option<Uri> = self.shared.endpoints.graph.parse().ok();
        let uri: Option<Uri> = link.parse().ok();
        let is_ours = base.zip(uri).is_some_and(|(base, uri)| {
            base.scheme() == uri.scheme()
                && base.authority() == uri.authority()
                && uri.path().starts_with("/v1.0/")
        });
        if is_ours {
            return Ok(());
        }
        let host = link.parse::<Uri>().ok().and_then(|uri| uri.host().map(str::to_owned));
        let host = host.unwrap_or_else(|| "no host".to_owned());
        Err(GraphError::unreadable(
            route,
            format!("the link to its next page leads away from Graph, to {host}"),
        ))
    }

    /// Fetches a document from the place of tokens and metadata, without a token.
    pub(crate) async fn fetch(&self, read: &Read) -> Result<Bytes, GraphError> {
        let uri = read.0.uri(&self.shared.endpoints.login);
        self.attempt(&read.0, Resend::Read, &uri, false).await.map(|answer| answer.body)
    }

    /// Sends a request: waits for its turn, waits out throttles without bound, renews the token, and sends it again
    /// while the service or the connection fails, up to [`ATTEMPTS`] times.
    async fn call(&self, call: &Call, resend: Resend) -> Result<Answer, GraphError> {
        let uri = call.uri(&format!("{}{VERSION}", self.shared.endpoints.graph));
        self.attempt(call, resend, &uri, true).await
    }

    async fn attempt(
        &self,
        call: &Call,
        resend: Resend,
        uri: &str,
        with_token: bool,
    ) -> Result<Answer, GraphError> {
        let window = self.shared.limits.of(call.route.bucket);
        let (mut throttles, mut failures, mut renewals) = (0, 0, 0);
        loop {
            window.acquire().await;
            let error = match self.send(call, uri, with_token).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let wait = match error.kind {
                Kind::Throttled(retry_after) => {
                    throttles += 1;
                    self.note_throttle(call.route, retry_after, throttles);
                    Duration::ZERO
                }
                Kind::Transient { .. } if resend == Resend::OnlyIfUnsent && error.may_have_taken_effect() => {
                    return Err(error);
                }
                Kind::Transient { retry_after, .. } => {
                    failures += 1;
                    if let Some(wait) = retry_after {
                        window.close_for(wait);
                    }
                    AFTER_FAILURE.after(failures)
                }
                // The first 401 may come of a clock that differs or of a token that was taken back. After that, only
                // one that says that the token is too old may pass.
                Kind::Token if renewals == 0 || error.message.contains("expired") => {
                    renewals += 1;
                    failures += u32::from(renewals > 1);
                    if renewals > 1 { AFTER_FAILURE.after(failures) } else { Duration::ZERO }
                }
                Kind::Conflict if resend == Resend::Read => {
                    failures += 1;
                    AFTER_FAILURE.after(failures)
                }
                Kind::Token
                | Kind::Credentials
                | Kind::Denied
                | Kind::NotFound
                | Kind::Conflict
                | Kind::Unreadable
                | Kind::Refused => return Err(error),
            };
            if failures >= ATTEMPTS {
                return Err(error);
            }
            self.wait(wait).await;
        }
    }

    /// Sends a request once.
    async fn send(&self, call: &Call, uri: &str, with_token: bool) -> Result<Answer, GraphError> {
        let route = call.route;
        let mut request = Request::builder().method(route.method).uri(uri);
        let mut used = None;
        if with_token {
            let token = self.shared.tokens.current().await;
            let token = token.map_err(|failure| GraphError::of_token(route, failure))?;
            let value = HeaderValue::from_str(&format!("Bearer {}", token.secret.expose()));
            let mut value =
                value.map_err(|_| GraphError::unreadable(route, "the token has odd characters"))?;
            value.set_sensitive(true);
            request = request.header(AUTHORIZATION, value).header(ACCEPT, "application/json");
            used = Some(token.number);
        }
        if !call.body().is_empty() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let request = request.body(call.body().clone());
        let request = request.map_err(|error| GraphError::unreadable(route, error))?;
        self.count(|statistics| *statistics.calls.entry(route.to_string()).or_default() += 1);
        let answer = self.shared.transport.send(request).await;
        let answer = answer.map_err(|error| GraphError::of_connection(route, error))?;
        if answer.status().is_success() {
            let request_id = header(&answer, "request-id");
            return Ok(Answer { body: answer.into_body(), request_id });
        }
        let error = GraphError::of_answer(route, &answer);
        if let (Kind::Token, Some(number)) = (error.kind, used) {
            self.shared.tokens.drop_token(number).await;
        }
        Err(error)
    }

    /// Closes the bucket of a route after a throttle: for as long as Graph says, and a little more, so that not all
    /// come back in the same moment.
    pub(crate) fn note_throttle(&self, route: &'static Route, retry_after: Option<Duration>, throttles: u32) {
        self.count(|statistics| statistics.throttled += 1);
        let jitter = &self.shared.jitter;
        let wait = match retry_after {
            Some(wait) => wait + jitter.up_to(Duration::from_secs(1)),
            None => jitter.spread(AFTER_THROTTLE.after(throttles)),
        };
        self.shared.limits.of(route.bucket).close_for(wait);
    }

    /// Takes a place in the bucket of each request of a batch.
    pub(crate) async fn take_places(&self, reads: &[Read]) {
        for read in reads {
            self.shared.limits.of(read.0.route.bucket).acquire().await;
        }
    }

    /// Waits after the try of that number, until the directory may have settled.
    pub(crate) async fn let_it_settle(&self, tries: u32) {
        self.wait(WHILE_IT_SETTLES.after(tries)).await;
    }

    async fn wait(&self, wait: Duration) {
        self.count(|statistics| statistics.retries += 1);
        tokio::time::sleep(self.shared.jitter.spread(wait)).await;
    }

    fn count(&self, change: impl FnOnce(&mut Statistics)) {
        change(&mut self.shared.statistics.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

fn header(answer: &Response<Bytes>, name: &str) -> Option<String> {
    answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}
