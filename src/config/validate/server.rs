//! `server`: another program than gunicorn, or `gunicorn` itself.

use super::Section;
use super::gunicorn::gunicorn;
use super::workers::program;
use crate::config::{OwnServer, Server, Takeover, Trial};

pub(super) fn server(root: &Section<'_>) -> Option<Server> {
    if root.has("server") {
        root.refuse("gunicorn", "`server` is there too", "keep one of the two");
        root.asked_for("gunicorn");
        return root.present("server", own)?.map(Server::Own);
    }
    root.must_have("gunicorn", "add it, with its key `app`");
    // Asked for after `gunicorn`, which nearly everybody has.
    let server = root.present("gunicorn", gunicorn)?.map(Server::Gunicorn);
    root.asked_for("server");
    server
}

fn own(section: &Section<'_>) -> Option<OwnServer> {
    section.must_have(
        "command",
        "add it, such as `command: uvicorn polls.asgi:application --uds $DEPLOYER_SOCKET`",
    );
    let command = section.with("command", program);
    Some(OwnServer {
        timeout: section.seconds("timeout", 1..=3600, 30),
        stop_timeout: section.seconds("stop_timeout", 1..=3600, 30),
        reload: section.choice(
            "reload",
            [
                ("replace", Takeover::Replace),
                ("restart", Takeover::Restart),
            ],
        ),
        trial: section.choice("trial", [("boot", Trial::Boot), ("off", Trial::Off)]),
        command: command?,
    })
}
