use super::{Invalid, allow, spelled, text_type};

text_type! {
    /// `3.12`: two numbers, as in the name of the interpreter.
    PythonVersion, "a Python version", python_version
}

text_type! {
    /// `package.module:callable`, `package.module:factory()` or `package.module`.
    WsgiApp, "a WSGI app", wsgi_app
}

text_type! {
    /// A setting of `gunicorn.conf.py` that the file may choose freely.
    GunicornName, "a setting of gunicorn", gunicorn_name
}

text_type! {
    /// An extra or a dependency group of a project, such as `web`.
    ExtraName, "the name of an extra or a group", extra_name
}

/// Settings of gunicorn 20 to 27, without those that deployer owns and those that are functions.
const SETTINGS: &str = "
    access_log_format accesslog asgi_disconnect_grace_period asgi_lifespan asgi_loop backlog
    capture_output casefold_http_method dirty_apps dirty_graceful_timeout dirty_threads
    dirty_timeout dirty_workers disable_redirect_access_to_syslog dogstatsd_tags
    enable_backlog_metric enable_stdio_inheritance errorlog forwarded_allow_ips
    forwarder_headers header_map http2_cleartext http2_initial_window_size
    http2_max_concurrent_streams http2_max_frame_size http2_max_header_list_size http_parser
    http_protocols keepalive limit_request_field_size limit_request_fields limit_request_line
    logconfig logconfig_json logger_class loglevel permit_obsolete_folding
    permit_unconventional_http_method permit_unconventional_http_version proc_name protocol
    proxy_allow_ips proxy_protocol root_path sendfile statsd_host statsd_prefix
    strip_header_spaces syslog syslog_addr syslog_facility syslog_prefix tmp_upload_dir
    uwsgi_allow_ips websocket_max_message_size worker_connections worker_tmp_dir
";

fn gunicorn_name(text: &str) -> Result<(), Invalid> {
    allow(
        GunicornName::all().any(|name| name == text),
        "use a setting of gunicorn 20 to 27",
    )
}

fn python_version(text: &str) -> Result<(), Invalid> {
    let minor = text.strip_prefix("3.").unwrap_or_default();
    allow(
        minor.bytes().all(|byte| byte.is_ascii_digit())
            && !minor.starts_with('0')
            && minor.parse::<u8>().is_ok_and(|minor| minor <= 99),
        "write two numbers, such as `3.12`",
    )
}

fn extra_name(text: &str) -> Result<(), Invalid> {
    let rest = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    allow(
        spelled(text, |byte| byte.is_ascii_alphanumeric(), rest, 100),
        "use letters, digits and `._-`, a letter or digit first",
    )
}

fn wsgi_app(text: &str) -> Result<(), Invalid> {
    let (module, callable) = text.split_once(':').unwrap_or((text, "application"));
    allow(
        text.len() <= 200
            && module.split('.').all(identifier)
            && identifier(callable.strip_suffix("()").unwrap_or(callable)),
        "write `package.module:callable`, such as `polls.wsgi:application`",
    )
}

fn identifier(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    spelled(
        text,
        letter,
        |byte| byte.is_ascii_alphanumeric() || byte == b'_',
        100,
    )
}

impl GunicornName {
    pub(in crate::config) fn all() -> impl Iterator<Item = &'static str> {
        SETTINGS.split_whitespace()
    }
}

impl WsgiApp {
    pub fn module(&self) -> &str {
        self.0.split(':').next().unwrap_or_default()
    }

    /// A name, or a call without arguments; gunicorn's own default where the file names none.
    pub fn callable(&self) -> &str {
        self.0
            .split_once(':')
            .map_or("application", |(_, callable)| callable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_has_a_module_and_a_callable() {
        let parts = |text: &str| {
            WsgiApp::try_from(text)
                .ok()
                .map(|app| format!("{} {}", app.module(), app.callable()))
        };
        assert_eq!(parts("polls.wsgi:app").as_deref(), Some("polls.wsgi app"));
        assert_eq!(
            parts("polls:create_app()").as_deref(),
            Some("polls create_app()")
        );
        assert_eq!(
            parts("polls.wsgi").as_deref(),
            Some("polls.wsgi application")
        );
        for bad in [
            "", ":", "a:", "a:b(1)", "a..b:c", "a-b:c", "a:b:c", "a:b.c", "1a:b", "a:()", "../a:b",
        ] {
            assert_eq!(parts(bad), None, "{bad}");
        }
    }
}
