use deployer::config::Config;
use deployer::files::host_files;
use deployer::plan::{
    ByHand, Earlier, GitPins, HostPlan, Maintenance, Pruning, Question, by_hand, check, prune,
    push, read, rollback, setup,
};
use deployer::target::{ReleaseId, Revision, Target, TargetHost};
use deployer::template::Templates;
use deployer::web;

pub(crate) const SMALL: &str = "
app: polls
repo: https://github.com/acme/polls.git
gunicorn:
  app: polls.wsgi:application
nginx:
  server_name: polls.example.com
environments:
  production:
    hosts: deploy@web1.example.com
";

pub(crate) const FULL: &str = "
app: polls
repo: ssh://git@git.example.com:2222/acme/polls.git
branch: release/it's
root: /opt/polls
keep_releases: 3
git: {path: services/web, submodules: true}
python: {version: '3.12', requirements: [base.txt, web.txt], installer: uv, require_hashes: true, install: true}
gunicorn: {app: 'polls.wsgi:application', workers: 5, reload: replace, trial: import, preload: true, max_stall: 500ms}
service: {start_timeout: 20}
nginx: {server_name: [polls.example.com, www.polls.example.com], listen: 8080}
static: {collect: ./collect, cdn: 'https://assets.example.com', publish: {s3: {bucket: polls-static, prefix: web}}}
uploads: {path: media, url: /media/, max_size: 20m}
shared: [var, {file: conf/local.ini}]
migrate: {run: python manage.py migrate --noinput, check: python manage.py migrate --check, backup: 'echo it''s > $HOME/dump', timeout: 15m}
hooks:
  before_build: npm run build
  before_migrate: [{run: ./stop-importer, timeout: 30s}]
  before_activate: [{run: ./warm, on: first}, {run: ./note, as: login}]
  after_activate: ./tell
  before_rollback: [{run: ./tell going back, timeout: 30s}]
  after_rollback: ./tell back
health: {path: /up, status: 200}
rollout: {decide: 30}
setup: {packages: [libpq5]}
environments:
  production:
    hosts: root@web1.example.com
";

/// Jobs of root's Upstart, and cron's schedules.
pub(crate) const UPSTART: &str = "
app: polls
repo: https://github.com/acme/polls.git
gunicorn: {app: 'polls.wsgi:application', bind: 8000}
nginx: {server_name: polls.example.com}
service: {manager: upstart, after: [postgresql]}
workers: {queue: ./work}
schedules: {daily: {run: ./daily, cron: '@daily'}}
environments: {production: {hosts: deploy@web1.example.com}}
";

/// A supervisord and a crontab of the login's own.
pub(crate) const PRIVATE: &str = "
app: polls
repo: https://github.com/acme/polls.git
root: /home/deploy/polls
gunicorn: {app: 'polls.wsgi:application', bind: 8000}
nginx: false
service: {manager: supervisor, scope: user}
workers: {queue: ./work}
schedules: {daily: {run: ./daily, cron: '@daily'}}
environments: {production: {hosts: deploy@web1.example.com}}
";

pub(crate) fn config(source: &str) -> Config {
    Config::parse(source, "deploy.yaml", "production").unwrap_or_else(|errors| panic!("{errors}"))
}

/// The plan of one kind of run; everything that varies is fixed.
pub(crate) fn plan(source: &str, kind: &str) -> HostPlan {
    let config = config(source);
    let login = if source == FULL { "root" } else { "deploy" };
    let host = TargetHost {
        host: config.hosts[0].clone(),
        login: login.to_owned(),
    };
    let templates = Templates::new(None).expect("the built-in templates load");
    let files = host_files(&config, &host.owner(&config), &templates).expect("files render");
    match kind {
        "push" => push(&target(config, &host), &host, files),
        "rollback" => rollback(&config, &host, Earlier::default(), true, files),
        "rollback-keep-env" => {
            let earlier = Earlier {
                keep_environment: true,
                ..Earlier::default()
            };
            rollback(&config, &host, earlier, true, files)
        }
        "setup" => {
            let keys = ["ssh-ed25519 AAAA it's@home".to_owned()];
            setup(&config, &host, &keys, &GitPins::default(), files)
        }
        "reload" => by_hand(&config, &host, &ByHand::Reload, files),
        "restart" => by_hand(&config, &host, &ByHand::Restart, files),
        "maintenance" => {
            let page = web::maintenance_page(None, &templates).expect("the page renders");
            let what = ByHand::Maintenance(Maintenance {
                message: Some("it's \"noon\" $HOME".to_owned()),
                page,
                allow: vec!["192.0.2.7".parse().expect("an address")],
            });
            by_hand(&config, &host, &what, files)
        }
        "maintenance-off" => by_hand(&config, &host, &ByHand::MaintenanceEnd, files),
        "stop" => by_hand(&config, &host, &ByHand::Stop, files),
        "start" => by_hand(&config, &host, &ByHand::Start, files),
        "lock" => {
            let message = "it's \"frozen\" until $Monday".to_owned();
            by_hand(&config, &host, &ByHand::Lock { message }, files)
        }
        "unlock" => by_hand(&config, &host, &ByHand::Unlock, files),
        "prune" => {
            let how = Pruning {
                tells: true,
                tidies: true,
                dry_run: false,
            };
            prune(&config, &host, how, files)
        }
        "check" => check(&config, &host, files),
        "read" => read(&config, &host, Question::State, files),
        other => panic!("no kind {other}"),
    }
}

fn target(config: Config, host: &TargetHost) -> Target {
    let branch = config.branch.clone();
    let revision = Revision::new(&"3f2a1bc9".repeat(5), &branch).expect("a full sha");
    Target {
        hosts: vec![host.clone()],
        release: ReleaseId::new(jiff::Timestamp::UNIX_EPOCH, revision.short()),
        config,
        revision,
        allow_older: false,
        refresh_packages: false,
    }
}
