//! The connection to Graph, and the single path of all requests.

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

/// The version of Graph.
const VERSION: &str = "/v1.0";

/// The endpoints of Graph and of Entra ID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// Scheme and authority of Graph, without a trailing slash.
    pub graph: String,
    /// The same for tokens and metadata documents. `azure_identity` uses `AZURE_AUTHORITY_HOST` for tokens instead,
    /// if it is set.
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

/// The most pages of a list: ten times those of a directory with 300,000 objects, Entra ID's default quota, at 100 a page.
const MOST_PAGES: usize = 10 * 3_000;

/// How to reach Graph. `Debug` omits the transport, which may hold requests.
#[derive(Clone)]
pub struct Connection {
    /// The carrier of HTTP requests: the network, or the sandbox's service.
    pub transport: Arc<dyn Transport>,
    /// The endpoints.
    pub endpoints: Endpoints,
    /// The credential of the caller.
    pub credential: Credential,
    /// The seed of jitter. Two pipelines that start together should have different ones.
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

/// Reads from Graph and changes it.
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

/// Creates a client that reads; sends nothing. Must be used within a tokio runtime with time enabled.
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

/// Creates a client that reads and writes; sends nothing. See [`connect`].
pub fn connect_for_writing(connection: Connection) -> Writer {
    Writer { reader: connect(connection) }
}

/// Whether a request may be sent again if it may have taken effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Resend {
    /// The request reads. A conflict of reads is transient.
    Read,
    /// The request is idempotent.
    Always,
    /// The request creates something; search before sending it again.
    OnlyIfUnsent,
}

/// A successful response.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) body: Bytes,
    pub(crate) request_id: Option<String>,
}

impl Writer {
    /// Returns the part that reads, with the same limits and token.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Sends an idempotent change.
    pub(crate) async fn change(&self, change: &Change) -> Result<Answer, GraphError> {
        self.reader.call(&change.0, Resend::Always).await
    }

    /// Sends a change that must not be sent twice. If its response is lost, the error is returned at once, and
    /// [`GraphError::may_have_taken_effect`] is true.
    pub(crate) async fn change_once(&self, change: &Change) -> Result<Answer, GraphError> {
        self.reader.call(&change.0, Resend::OnlyIfUnsent).await
    }
}

impl Reader {
    /// Returns the statistics of the requests so far.
    pub fn statistics(&self) -> Statistics {
        self.shared.statistics.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads one object.
    pub(crate) async fn get<T: DeserializeOwned>(&self, read: &Read) -> Result<T, GraphError> {
        let answer = self.call(&read.0, Resend::Read).await?;
        serde_json::from_slice(&answer.body).map_err(|error| GraphError::unreadable(read.0.route, error))
    }

    /// Reads all pages of a list.
    pub(crate) async fn list<T: DeserializeOwned>(&self, read: &Read) -> Result<Vec<T>, GraphError> {
        let first: Page<T> = self.get(read).await?;
        self.rest_of(read.0.route, first).await
    }

    /// Reads the pages of a list after its first. A page may be empty and still have a successor.
    pub(crate) async fn rest_of<T: DeserializeOwned>(
        &self,
        route: &'static Route,
        first: Page<T>,
    ) -> Result<Vec<T>, GraphError> {
        let Page { value: mut all, next_link: mut next } = first;
        let mut followed = BTreeSet::new();
        while let Some(link) = next {
            if followed.len() >= MOST_PAGES {
                let what = format!("the list does not end after {MOST_PAGES} pages");
                return Err(GraphError::unreadable(route, what));
            }
            self.check_link(route, &link)?;
            // Following it would never end.
            if !followed.insert(link.clone()) {
                return Err(GraphError::unreadable(route, "a page's link repeats"));
            }
            let page: Page<T> = self.get(&Read::link(route, link)).await?;
            all.extend(page.value);
            next = page.next_link;
        }
        Ok(all)
    }

    /// Rejects a link to another host, since the token is sent to it.
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
        Err(GraphError::unreadable(route, format!("the link to the next page leads to another host, {host}")))
    }

    /// Fetches a document from the endpoint for tokens and metadata, without a token.
    pub(crate) async fn fetch(&self, read: &Read) -> Result<Bytes, GraphError> {
        let uri = read.0.uri(&self.shared.endpoints.login);
        self.attempt(&read.0, Resend::Read, &uri, false).await.map(|answer| answer.body)
    }

    /// Sends a request once the rate limit permits it. Retries throttled requests indefinitely, renews the token, and
    /// retries failures of the service or the connection up to [`ATTEMPTS`] times.
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
                // The first 401 may be due to clock skew or a revoked token. After that, only an expired token is
                // worth a retry.
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
                value.map_err(|_| GraphError::unreadable(route, "the token has invalid characters"))?;
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
        let error = GraphError::of_response(route, &answer);
        if let (Kind::Token, Some(number)) = (error.kind, used) {
            self.shared.tokens.drop_token(number).await;
        }
        Err(error)
    }

    /// Closes the bucket of a route after a throttle, for as long as Graph asks and slightly longer, so that not all
    /// callers retry at once.
    pub(crate) fn note_throttle(&self, route: &'static Route, retry_after: Option<Duration>, throttles: u32) {
        self.count(|statistics| statistics.throttled += 1);
        let jitter = &self.shared.jitter;
        let wait = match retry_after {
            Some(wait) => wait + jitter.up_to(Duration::from_secs(1)),
            None => jitter.spread(AFTER_THROTTLE.after(throttles)),
        };
        self.shared.limits.of(route.bucket).close_for(wait);
    }

    /// Waits for the rate limits of all requests of a batch.
    pub(crate) async fn take_places(&self, reads: &[Read]) {
        for read in reads {
            self.shared.limits.of(read.0.route.bucket).acquire().await;
        }
    }

    /// Waits before the next attempt, so that the directory can settle. `attempts` is the number of attempts so far.
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
