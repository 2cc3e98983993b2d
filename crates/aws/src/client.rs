//! The connection to AWS, and the single path of all calls.

use std::collections::BTreeSet;
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

use crate::api::{Api, Service};
use crate::limits::Limits;
use crate::listings::Pages;
use crate::responses::{AbsentMeansEmpty, CheckResponses};
use crate::retry::{AFTER_CONFLICT, AFTER_THROTTLE, ATTEMPTS_UNEXPLAINED, CallError, Kind};
use crate::statistics::Statistics;

/// How to reach AWS.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The Region of the Identity Center instance.
    pub region: Region,
    /// The HTTP client: that of a sandbox, or `None` for the network.
    pub http_client: Option<SharedHttpClient>,
    /// The credentials of the caller.
    pub credentials: Credentials,
    /// Operations whose missing lists are accepted as empty.
    pub absent_means_empty: AbsentMeansEmpty,
}

/// The source of credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credentials {
    /// Fixed placeholders, for the embedded sandbox. The machine's AWS configuration is not read, neither environment
    /// nor files. The SDK's timeouts are off, since they would expire on virtual time.
    Embedded,
    /// The SDK's default chain: environment, profiles, SSO, web identity, process, container and instance roles. The
    /// rest of the SDK's configuration applies too, such as `AWS_ENDPOINT_URL`.
    Environment,
}

/// Timeout for establishing a connection, after which the attempt counts as failed.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Timeout for a response, after which the attempt counts as failed.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(60);

impl Connection {
    /// Connects to AWS, with the credentials and settings of the environment.
    pub fn environment(region: Region) -> Self {
        Self {
            region,
            http_client: None,
            credentials: Credentials::Environment,
            absent_means_empty: AbsentMeansEmpty::default(),
        }
    }

    /// Connects to a sandbox in this process.
    pub fn embedded(region: Region, http_client: SharedHttpClient) -> Self {
        Self {
            http_client: Some(http_client),
            credentials: Credentials::Embedded,
            ..Self::environment(region)
        }
    }
}

/// Clients of the services, with shared limits and statistics. Clones share them too.
#[derive(Debug, Clone)]
pub struct Clients {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    region: Region,
    absent_means_empty: BTreeSet<String>,
    sso_admin: aws_sdk_ssoadmin::Client,
    identity_store: aws_sdk_identitystore::Client,
    organizations: aws_sdk_organizations::Client,
    sts: aws_sdk_sts::Client,
    limits: Limits,
    jitter: Jitter,
    statistics: Mutex<Statistics>,
}

/// Creates the clients. Sends nothing, except what a credentials provider needs. Must be called within a tokio
/// runtime with time enabled.
pub async fn connect(connection: Connection) -> Clients {
    let Connection { region, http_client, credentials, absent_means_empty } = connection;
    let (config, seed) = match credentials {
        Credentials::Embedded => (embedded(&region, http_client), 0),
        Credentials::Environment => {
            // Two pipelines that start together must not retry in step.
            let seed = RandomState::new().hash_one(region.as_str());
            (environment(&region, http_client).await, seed)
        }
    };
    let check = |service| CheckResponses { service, absent_means_empty: absent_means_empty.clone() };
    let sso_admin = aws_sdk_ssoadmin::config::Builder::from(&config).interceptor(check(Service::SsoAdmin));
    let identity_store =
        aws_sdk_identitystore::config::Builder::from(&config).interceptor(check(Service::IdentityStore));
    let organizations =
        aws_sdk_organizations::config::Builder::from(&config).interceptor(check(Service::Organizations));
    let sts = aws_sdk_sts::config::Builder::from(&config).interceptor(check(Service::Sts));
    Clients {
        shared: Arc::new(Shared {
            region,
            absent_means_empty: absent_means_empty.names(),
            sso_admin: aws_sdk_ssoadmin::Client::from_conf(sso_admin.build()),
            identity_store: aws_sdk_identitystore::Client::from_conf(identity_store.build()),
            organizations: aws_sdk_organizations::Client::from_conf(organizations.build()),
            sts: aws_sdk_sts::Client::from_conf(sts.build()),
            limits: Limits::new(),
            jitter: Jitter::new(seed),
            statistics: Mutex::new(Statistics::default()),
        }),
    }
}

fn app_name() -> AppName {
    AppName::new("rolecall").expect("the name consists of letters")
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
    /// Returns the statistics of the calls so far.
    pub fn statistics(&self) -> Statistics {
        self.shared.statistics.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the Region that is called.
    pub fn region(&self) -> &Region {
        &self.shared.region
    }

    /// Returns the operations whose missing lists are accepted as empty.
    pub fn absent_means_empty(&self) -> &BTreeSet<String> {
        &self.shared.absent_means_empty
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

    /// Sends a call once the rate limit permits it. Retries throttled calls indefinitely, and failures of the service
    /// or the connection and incomplete responses up to [`ATTEMPTS`] times.
    pub(crate) async fn call<O, E, F, Fut>(&self, api: Api, send: F) -> Result<O, CallError>
    where
        E: ProvideErrorMetadata + Error + 'static,
        F: Fn() -> Fut,
        Fut: Future<Output = Result<O, SdkError<E, HttpResponse>>>,
    {
        self.call_with(api, ATTEMPTS, send).await
    }

    /// Like [`Clients::call`], for a call that the endpoint may not support. AWS does; compatible endpoints may fail
    /// without a reason or report it. The result is then `None`.
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
            let delay = match error.kind {
                Kind::RateExceeded | Kind::TooManyOutstanding => {
                    if error.kind == Kind::RateExceeded {
                        limit.slow_down();
                    }
                    self.count(|statistics| statistics.throttled += 1);
                    throttles += 1;
                    AFTER_THROTTLE.after(throttles)
                }
                Kind::Transient | Kind::Incomplete | Kind::Expired | Kind::Unexplained => {
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
            self.delay(delay).await;
        }
    }

    /// Waits before the next attempt, after this number of attempts that ended in a conflict.
    pub(crate) async fn wait_out_conflict(&self, attempts: u32) {
        self.delay(AFTER_CONFLICT.after(attempts)).await;
    }

    async fn delay(&self, delay: Duration) {
        self.count(|statistics| statistics.retries += 1);
        tokio::time::sleep(self.shared.jitter.spread(delay)).await;
    }

    fn count(&self, change: impl FnOnce(&mut Statistics)) {
        change(&mut self.shared.statistics.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Reads all pages of a listing. A page may be empty and still have a successor.
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
        let mut pages = Pages::new(api);
        let mut token: Option<String> = None;
        loop {
            let (items, next) = open(self.call(api, || send(token.clone())).await?);
            all.extend(items.unwrap_or_default());
            token = pages.next(next)?;
            if token.is_none() {
                return Ok(all);
            }
        }
    }
}
