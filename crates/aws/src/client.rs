//! The connection to AWS, and the one way in which every call goes out.

use std::error::Error;
use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use rolecall_applier::retry::{AFTER_FAILURE, ATTEMPTS, Jitter};
use rolecall_model::Region;

use crate::api::Api;
use crate::limits::Limits;
use crate::retry::{AFTER_CONFLICT, AFTER_THROTTLE, ATTEMPTS_UNEXPLAINED, CallError, Kind};
use crate::statistics::Statistics;

/// How to reach AWS.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The Region of the Identity Center instance.
    pub region: Region,
    /// What carries HTTP requests: the sandbox's own client, or `None` for the network.
    pub http_client: Option<SharedHttpClient>,
    /// Who calls.
    pub credentials: Credentials,
}

/// Where credentials come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credentials {
    /// Fixed ones that mean nothing, for the embedded sandbox. Nothing of the machine's AWS configuration is read,
    /// neither environment nor files, and the SDK's time-outs are off, since they would fire on virtual time.
    Embedded,
    /// The SDK's default chain: environment, profiles, SSO, web identity, process, container and instance roles. The
    /// rest of the SDK's configuration counts too, `AWS_ENDPOINT_URL` and its like among it.
    Environment,
}

/// How long a connection may take to stand, before the request counts as failed and is sent again.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long an answer may take, before the request counts as failed and is sent again.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(60);

impl Connection {
    /// To AWS, with the credentials and the settings of the environment.
    pub fn environment(region: Region) -> Self {
        Self { region, http_client: None, credentials: Credentials::Environment }
    }

    /// To a sandbox in this process.
    pub fn embedded(region: Region, http_client: SharedHttpClient) -> Self {
        Self {
            http_client: Some(http_client),
            credentials: Credentials::Embedded,
            ..Self::environment(region)
        }
    }
}

/// Clients of the services, with the limits and statistics that they share. Clones share them too.
#[derive(Debug, Clone)]
pub struct Clients {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    region: Region,
    sso_admin: aws_sdk_ssoadmin::Client,
    identity_store: aws_sdk_identitystore::Client,
    organizations: aws_sdk_organizations::Client,
    sts: aws_sdk_sts::Client,
    limits: Limits,
    jitter: Jitter,
    statistics: Mutex<Statistics>,
}

/// Makes the clients. Nothing is sent yet, except what a credentials provider needs. Must be called in a tokio
/// runtime with its clock on.
pub async fn connect(connection: Connection) -> Clients {
    let Connection { region, http_client, credentials } = connection;
    let (config, seed) = match credentials {
        Credentials::Embedded => (embedded(&region, http_client), 0),
        Credentials::Environment => {
            // Two pipelines that start together must not wait in step.
            let seed = RandomState::new().hash_one(region.as_str());
            (environment(&region, http_client).await, seed)
        }
    };
    Clients {
        shared: Arc::new(Shared {
            region,
            sso_admin: aws_sdk_ssoadmin::Client::new(&config),
            identity_store: aws_sdk_identitystore::Client::new(&config),
            organizations: aws_sdk_organizations::Client::new(&config),
            sts: aws_sdk_sts::Client::new(&config),
            limits: Limits::new(),
            jitter: Jitter::new(seed),
            statistics: Mutex::new(Statistics::default()),
        }),
    }
}

fn app_name() -> AppName {
    AppName::new("rolecall").expect("the name is made of letters")
}

fn embedded(region: &Region, http_client: Option<SharedHttpClient>) -> SdkConfig {
    let credentials =
        aws_credential_types::Credentials::new("AKIASANDBOX", "sandbox", None, None, "rolecall sandbox");
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .app_name(app_name())
        .region(aws_config::Region::new(region.to_string()))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .sleep_impl(TokioSleep::new())
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    config.set_http_client(http_client);
    config.build()
}

async fn environment(region: &Region, http_client: Option<SharedHttpClient>) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .build();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .app_name(app_name())
        .region(aws_config::Region::new(region.to_string()))
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts);
    if let Some(client) = http_client {
        loader = loader.http_client(client);
    }
    loader.load().await
}

impl Clients {
    /// What was asked of AWS so far.
    pub fn statistics(&self) -> Statistics {
        self.shared.statistics.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The Region that is called.
    pub fn region(&self) -> &Region {
        &self.shared.region
    }

    pub(crate) fn sso_admin(&self) -> &aws_sdk_ssoadmin::Client {
        &self.shared.sso_admin
    }

    pub(crate) fn identity_store(&self) -> &aws_sdk_identitystore::Client {
        &self.shared.identity_store
    }

    pub(crate) fn organizations(&self) -> &aws_sdk_organizations::Client {
        &self.shared.organizations
    }

    pub(crate) fn sts(&self) -> &aws_sdk_sts::Client {
        &self.shared.sts
    }

    /// Makes a call: waits for its turn, sends it, waits out throttles without bound, and sends it again while the
    /// service or the connection fails, up to [`ATTEMPTS`] times.
    pub(crate) async fn call<O, E, F, Fut>(&self, api: Api, send: F) -> Result<O, CallError>
    where
        E: ProvideErrorMetadata + Error + 'static,
        F: Fn() -> Fut,
        Fut: Future<Output = Result<O, SdkError<E, HttpResponse>>>,
    {
        self.call_with(api, ATTEMPTS, send).await
    }

    /// As [`Clients::call`], for a call that the endpoint may not know. AWS does; compatible endpoints fail without a
    /// reason, or say so. `None` is then the answer.
    pub(crate) async fn probe<O, E, F, Fut>(&self, api: Api, send: F) -> Result<Option<O>, CallError>
    where
        E: ProvideErrorMetadata + Error + 'static,
        F: Fn() -> Fut,
        Fut: Future<Output = Result<O, SdkError<E, HttpResponse>>>,
    {
        match self.call_with(api, ATTEMPTS_UNEXPLAINED, send).await {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if matches!(error.kind, Kind::Unsupported | Kind::Unexplained) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn call_with<O, E, F, Fut>(&self, api: Api, unexplained: u32, send: F) -> Result<O, CallError>
    where
        E: ProvideErrorMetadata + Error + 'static,
        F: Fn() -> Fut,
        Fut: Future<Output = Result<O, SdkError<E, HttpResponse>>>,
    {
        debug_assert!(crate::calls::is_listed(api), "{api} is called and not listed in `CALLS`");
        let limit = self.shared.limits.of(api);
        let (mut throttles, mut failures) = (0, 0);
        loop {
            limit.acquire().await;
            self.count(|statistics| *statistics.calls.entry(api.to_string()).or_default() += 1);
            let error = match send().await {
                Ok(answer) => return Ok(answer),
                Err(error) => CallError::of(api, &error),
            };
            let wait = match error.kind {
                Kind::RateExceeded | Kind::TooManyOutstanding => {
                    if error.kind == Kind::RateExceeded {
                        limit.slow_down();
                    }
                    self.count(|statistics| statistics.throttled += 1);
                    throttles += 1;
                    AFTER_THROTTLE.after(throttles)
                }
                Kind::Transient | Kind::Expired | Kind::Unexplained => {
                    failures += 1;
                    let attempts = if error.kind == Kind::Unexplained { unexplained } else { ATTEMPTS };
                    if failures >= attempts {
                        return Err(error);
                    }
                    AFTER_FAILURE.after(failures)
                }
                Kind::Unsupported
                | Kind::NotFound
                | Kind::Conflict
                | Kind::Denied
                | Kind::Key
                | Kind::Credentials
                | Kind::Unreadable
                | Kind::Refused => return Err(error),
            };
            self.wait(wait).await;
        }
    }

    /// Waits after the try of that number that ran into a conflict, before the next.
    pub(crate) async fn wait_out_conflict(&self, tries: u32) {
        self.wait(AFTER_CONFLICT.after(tries)).await;
    }

    async fn wait(&self, wait: Duration) {
        self.count(|statistics| statistics.retries += 1);
        tokio::time::sleep(self.shared.jitter.spread(wait)).await;
    }

    fn count(&self, change: impl FnOnce(&mut Statistics)) {
        change(&mut self.shared.statistics.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Calls a listing until it has no further page. A page may be empty and still have a token.
    pub(crate) async fn pages<O, E, F, Fut, T>(
        &self,
        api: Api,
        send: F,
        open: impl Fn(O) -> (Option<Vec<T>>, Option<String>),
    ) -> Result<Vec<T>, CallError>
    where
        E: ProvideErrorMetadata + Error + 'static,
        F: Fn(Option<String>) -> Fut,
        Fut: Future<Output = Result<O, SdkError<E, HttpResponse>>>,
    {
        let mut all = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let (items, next) = open(self.call(api, || send(token.clone())).await?);
            all.extend(items.unwrap_or_default());
            match next.filter(|next| !next.is_empty()) {
                None => return Ok(all),
                // Such a listing would never end.
                next if next == token => {
                    return Err(CallError::unreadable(api, "a page's token leads to the same page"));
                }
                next => token = next,
            }
        }
    }
}
