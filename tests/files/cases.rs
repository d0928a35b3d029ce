use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::Path;
use std::time::Duration;

use deployer::config::{
    Acme, Assets, Certificate, Config, Gunicorn, Hardening, Health, Host, Installer, Literal,
    Manager, Nginx, OwnServer, Packages, Program, Python, PythonFrom, Reach, Respawn, Rollout,
    Schedule, Scope, Server, Service, Setup, Signal, Size, Takeover, Tls, Trial, Umask, Uploads,
    When, Which, Worker, WorkerName,
};
use deployer::files::{host_files, shared_files};
use deployer::plan::{File, Place};
use deployer::template::Templates;

/// Where certbot keeps the certificate of [`by_acme`].
const LINEAGE: &str = "/etc/letsencrypt/live/deployer-polls-eu-ca.example.com-8443-acme-directory";

/// A value from its text.
pub(crate) fn text<'a, T: TryFrom<&'a str>>(text: &'a str) -> T
where
    T::Error: Debug,
{
    T::try_from(text).unwrap()
}

/// The smallest useful `deploy.yaml` with its defaults.
pub(crate) fn small() -> Config {
    Config {
        app: text("polls"),
        environment: text("production"),
        repo: text("https://github.com/acme/polls.git"),
        branch: text("main"),
        git: deployer::config::Git::default(),
        root: text("/srv/polls"),
        user: text("polls"),
        keep_releases: 5,
        python: Python {
            version: None,
            from: PythonFrom::Host,
            packages: Packages::Detect,
            install: false,
            installer: Installer::Auto,
            index_url: None,
            require_hashes: false,
        },
        server: Server::Gunicorn(gunicorn()),
        service: Service {
            manager: Manager::Systemd,
            scope: Scope::System,
            hardening: Hardening::Basic,
            after: Vec::new(),
            open_files: 16384,
            memory_max: None,
            start_timeout: Duration::from_secs(60),
            respawn: Respawn::Limited {
                count: 5,
                interval: Duration::from_secs(60),
            },
            umask: Umask::default(),
        },
        workers: BTreeMap::new(),
        schedules: BTreeMap::new(),
        nginx: Some(Nginx {
            server_names: vec![text("polls.example.com")],
            redirects: Vec::new(),
            listen: 80,
            tls: None,
            max_body: text("10m"),
            headers: BTreeMap::new(),
            error_pages: None,
            extra: None,
        }),
        assets: None,
        uploads: None,
        shared: Vec::new(),
        shared_files: Vec::new(),
        migrate: None,
        hooks: deployer::config::Hooks::default(),
        env: BTreeMap::new(),
        secrets: BTreeMap::new(),
        health: Health {
            path: text("/"),
            status: None,
            host_header: "polls.example.com".to_owned(),
            timeout: Duration::from_secs(5),
        },
        rollout: Rollout {
            batch: None,
            decide: Duration::from_secs(120),
            on_failure: None,
        },
        setup: Setup {
            packages: Vec::new(),
            authorized_keys: Vec::new(),
        },
        hosts: vec![Host {
            name: "local".to_owned(),
            env: BTreeMap::new(),
            reach: Reach::Local,
        }],
    }
}

/// Of a configuration that has it.
pub(crate) fn gunicorn_of(config: &mut Config) -> &mut Gunicorn {
    match &mut config.server {
        Server::Gunicorn(gunicorn) => gunicorn,
        Server::Own(own) => panic!("{own:?}"),
    }
}

fn gunicorn() -> Gunicorn {
    Gunicorn {
        bind: None,
        app: text("polls.wsgi:application"),
        workers: 3,
        threads: 1,
        worker_class: "sync".to_owned(),
        timeout: Duration::from_secs(30),
        graceful_timeout: Duration::from_secs(30),
        preload: false,
        max_requests: 0,
        max_requests_jitter: 0,
        reload: Takeover::Auto,
        max_stall: Duration::from_secs(2),
        trial: Trial::Boot,
        settings: BTreeMap::new(),
    }
}

/// Everything that a rendered file can show.
pub(crate) fn full() -> Config {
    let mut config = small();
    config.app = text("polls-eu");
    config.root = text("/opt/apps/polls");
    config.user = text("pollster");
    config.server = Server::Gunicorn(Gunicorn {
        bind: Some(text("[::1]:8000")),
        threads: 4,
        worker_class: "gthread".to_owned(),
        timeout: Duration::from_millis(45_500),
        graceful_timeout: Duration::from_secs(60),
        preload: true,
        max_requests: 1000,
        max_requests_jitter: 50,
        settings: BTreeMap::from([
            (text("accesslog"), Literal::Text("-".to_owned())),
            (
                text("access_log_format"),
                Literal::Text(r#"%(h)s "%(r)s" it's \ fine"#.to_owned()),
            ),
            (text("keepalive"), Literal::Int(5)),
            (text("sendfile"), Literal::Bool(false)),
            (
                text("forwarder_headers"),
                Literal::List(vec![
                    Literal::Text("SCRIPT_NAME".to_owned()),
                    Literal::Text("PATH_INFO".to_owned()),
                ]),
            ),
        ]),
        ..gunicorn()
    });
    config.service.after = vec![text("postgresql"), text("redis-server.service")];
    config.service.memory_max = Some(Size::mebibytes(512));
    config.workers = workers();
    config.schedules = schedules();
    config.nginx = Some(Nginx {
        server_names: vec![text("polls.example.com"), text("*.polls.example.com")],
        redirects: vec![text("polls.example.net"), text(".votes.example.com")],
        listen: 8080,
        tls: None,
        error_pages: Some(text("errors")),
        extra: Some("location = /teapot {\n    return 418;\n}\n".to_owned()),
        max_body: text("25m"),
        headers: BTreeMap::from([
            ("Referrer-Policy".to_owned(), "same-origin".to_owned()),
            ("X-Words".to_owned(), r#"two; words "and" a \"#.to_owned()),
        ]),
    });
    config.assets = Some(Assets {
        url: text("/static/"),
        source: deployer::config::AssetSource::Directory(text("static")),
        fingerprint: deployer::config::Fingerprint::Query,
        strict: false,
        precompress: vec![deployer::config::Encoding::Gzip],
        at_root: vec![text("favicon.ico")],
        keep_days: 30,
        build: None,
        cdn: None,
        publish: None,
    });
    config.uploads = Some(Uploads {
        path: text("media"),
        url: text("/media/"),
        max_size: text("25m"),
    });
    config
}

/// The same behind https.
pub(crate) fn secure() -> Config {
    let mut config = full();
    config.nginx.as_mut().unwrap().tls = Some(Tls {
        listen: 8443,
        certificate: Certificate::Files {
            certificate: text("/etc/ssl/polls/fullchain.pem"),
            key: text("/etc/ssl/polls/key.pem"),
        },
        hsts: Some(Duration::from_secs(63_072_000)),
    });
    config
}

fn workers() -> BTreeMap<WorkerName, Worker> {
    BTreeMap::from([
        (
            text("celery"),
            Worker {
                command: text("celery -A polls worker --hostname=\"it's $DEPLOYER_INSTANCE\"@%h"),
                instances: 4,
                on: Which::Each,
                stop_signal: Signal::Term,
                stop_timeout: Duration::from_secs(600),
                overlap: true,
                min_uptime: Duration::from_secs(3),
                respawn: Respawn::Unlimited,
                memory_max: None,
            },
        ),
        (
            text("mail-out"),
            Worker {
                command: Program::Words(vec![
                    "./send".to_owned(),
                    r#"it's "100 %" \ $HOME"#.to_owned(),
                    String::new(),
                ]),
                instances: 1,
                on: Which::First,
                stop_signal: Signal::Int,
                stop_timeout: Duration::from_secs(60),
                overlap: false,
                min_uptime: Duration::from_secs(10),
                respawn: Respawn::Limited {
                    count: 10,
                    interval: Duration::from_secs(120),
                },
                memory_max: Some(Size::mebibytes(256)),
            },
        ),
    ])
}

/// What cron has words for.
fn by_cron() -> BTreeMap<WorkerName, Schedule> {
    let mut schedules = schedules();
    if let Some(report) = schedules.get_mut(&text::<WorkerName>("report")) {
        report.when = When::Calendar(vec![text("Mon..Fri *-*-* 08:30:00"), text("*:0/15")]);
    }
    schedules
}

/// For managers that have none.
fn without_limits(mut workers: BTreeMap<WorkerName, Worker>) -> BTreeMap<WorkerName, Worker> {
    for worker in workers.values_mut() {
        worker.memory_max = None;
    }
    workers
}

fn schedules() -> BTreeMap<WorkerName, Schedule> {
    BTreeMap::from([
        (
            text("clean-up"),
            Schedule {
                run: text("./clean 'it''s 100 %' > shared/$(date +%F)"),
                when: When::Cron(text("30 4 1 * mon")),
                on: Which::First,
                timeout: Duration::from_secs(3600),
            },
        ),
        (
            text("report"),
            Schedule {
                run: text("./report && ./send"),
                when: When::Calendar(vec![
                    text("Mon..Fri *-*-* 08:30:00 Europe/Paris"),
                    text("*:0/15"),
                ]),
                on: Which::Each,
                timeout: Duration::from_secs(90),
            },
        ),
    ])
}

/// The same with a certificate from a CA.
pub(crate) fn by_acme() -> Config {
    let mut config = secure();
    let nginx = config.nginx.as_mut().unwrap();
    nginx.server_names.truncate(1);
    nginx.redirects.truncate(1);
    nginx.tls.as_mut().unwrap().certificate = Certificate::Acme(Acme {
        email: text("ops@example.com"),
        directory: text("https://ca.example.com:8443/acme/directory"),
    });
    config
}

/// No nginx, no sandbox.
pub(crate) fn bare() -> Config {
    let mut config = small();
    config.nginx = None;
    config.service.hardening = Hardening::Off;
    config
}

/// A server of the project's own choice.
pub(crate) fn own() -> Config {
    let mut config = small();
    config.server = Server::Own(OwnServer {
        command: text("uvicorn 'it'\\''s 100 %:app' --uds $DEPLOYER_SOCKET"),
        timeout: Duration::from_secs(300),
        stop_timeout: Duration::from_secs(45),
        reload: Takeover::Replace,
        trial: Trial::Boot,
    });
    config
}

/// The login's own manager, and a port instead of a site.
pub(crate) fn rootless(manager: Manager) -> Config {
    let mut config = small();
    config.root = text("/home/deploy/polls");
    config.nginx = None;
    gunicorn_of(&mut config).bind = Some(text("8000"));
    config.service.manager = manager;
    config.service.scope = Scope::User;
    config.workers = without_limits(workers());
    config.schedules = by_cron();
    config
}

/// Jobs of Upstart.
pub(crate) fn upstart() -> Config {
    let mut config = supervised();
    config.service.manager = Manager::Upstart;
    config.service.after = vec![text("postgresql"), text("redis-server")];
    config
        .workers
        .values_mut()
        .for_each(|worker| worker.stop_signal = Signal::Int);
    config
}

/// Another server than gunicorn, as a job.
pub(crate) fn own_upstart() -> Config {
    let mut config = own();
    config.service.manager = Manager::Upstart;
    config.service.hardening = Hardening::Off;
    config
}

/// supervisord of the host.
pub(crate) fn supervised() -> Config {
    let mut config = small();
    gunicorn_of(&mut config).bind = Some(text("[::1]:8000"));
    config.service.manager = Manager::Supervisor;
    config.service.hardening = Hardening::Off;
    config.workers = without_limits(workers());
    config.schedules = by_cron();
    config
}

pub(crate) fn rendered(config: &Config) -> Vec<File> {
    let templates = Templates::new(None).unwrap();
    let own = host_files(config, "polls-deploy", &templates).unwrap();
    let shared = shared_files(config, &templates).unwrap();
    own.into_iter().chain(shared).collect()
}

/// The one file at this place.
pub(crate) fn content(files: &[File], path: &str) -> String {
    let at = |file: &&File| {
        let (Place::System(at) | Place::Host(at) | Place::Root(at) | Place::Release(at)) =
            &file.place;
        at == path
    };
    files.iter().find(at).unwrap().content.clone()
}

/// The same files for an app that lives below `dir`, where a test may write.
pub(crate) fn moved(mut files: Vec<File>, config: &Config, dir: &Path) -> Vec<File> {
    let run = format!("/run/{}", config.app);
    let dir = dir.to_str().unwrap();
    for file in &mut files {
        file.content = file
            .content
            .replace(&run, &format!("{dir}/run"))
            .replace(config.root.as_str(), &format!("{dir}/root"))
            .replace("/var/log/nginx", dir)
            .replace("/etc/nginx/deployer", &format!("{dir}/listen"))
            .replace("/etc/ssl/polls", dir)
            .replace(LINEAGE, dir)
            .replace("/var/lib/deployer", dir)
            .replace("privkey.pem", "key.pem");
    }
    files
}
