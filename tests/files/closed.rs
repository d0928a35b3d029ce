//! What visitors get where the app does not answer: in maintenance, and when nginx has an error to tell.

use crate::cases;
use crate::nginx::{Site, status};

const HOST: &str = "Host: polls.example.com";

#[test]
fn maintenance_closes_the_app_and_nothing_else() {
    let site = Site::start(cases::full());
    site.file("static/live/static/app.css", "style");
    site.file("shared/media/cat.png", "png");
    assert_eq!(status(&site.get("/")), "200");
    site.file("maintenance/page.html", "<p>back at noon</p>");
    site.file("maintenance/on", "");
    for line in ["GET /", "POST /form", "PUT /x", "GET /static../x", "HEAD /"] {
        let closed = site.send(line, &[HOST, "Content-Length: 0"]);
        assert_eq!(status(&closed), "503", "{line}: {closed}");
        for header in [
            "Retry-After: 300\r\n",
            "X-Content-Type-Options: nosniff\r\n",
        ] {
            assert!(closed.contains(header), "{line}: {closed}");
        }
        let page = closed.ends_with("<p>back at noon</p>");
        assert_eq!(page, line != "HEAD /", "{line}: {closed}");
    }
    for path in ["/static/app.css", "/media/cat.png", "/teapot"] {
        let open = site.get(path);
        assert_ne!(status(&open), "503", "{path}: {open}");
        assert!(!open.contains("Retry-After"), "{path}: {open}");
    }
    // A deploy asks for the app, and only from the host itself.
    let probe = "X-Deployer-Probe: polls-eu";
    assert_eq!(status(&site.send("GET /", &[HOST, probe])), "200");
    let other = "X-Deployer-Probe: other";
    assert_eq!(status(&site.send("GET /", &[HOST, other])), "503");

    site.file("maintenance/allow/192.0.2.7", "");
    assert_eq!(status(&site.get("/")), "503");
    site.file("maintenance/allow/127.0.0.1", "");
    assert_eq!(status(&site.get("/")), "200");
}

#[test]
fn the_page_is_nobody_elses_business() {
    let site = Site::start(cases::full());
    site.file("maintenance/page.html", "<p>back at noon</p>");
    // Without `on` it is no page, and its own place never is one.
    for path in ["/.pages/503", "/maintenance/page.html"] {
        let answer = site.get(path);
        assert!(!answer.contains("noon"), "{path}: {answer}");
    }
}

#[test]
fn the_projects_pages_tell_nginxs_errors() {
    let site = Site::start(cases::full());
    site.file("pages/r1/502.html", "<p>our 502</p>");
    site.file("pages/r1/404.html", "<p>our 404</p>");
    site.file("pages/r1/503.html", "<p>our 503</p>");
    site.link("r1", "pages/live");
    let missing = site.get("/static/none.css");
    assert_eq!(status(&missing), "404");
    assert!(missing.ends_with("<p>our 404</p>"), "{missing}");
    let large = site.send("POST /", &[HOST, "Content-Length: 26214401"]);
    // It has no page of its own: nginx's, and the right status.
    assert_eq!(status(&large), "413", "{large}");
    site.file("maintenance/on", "");
    let closed = site.get("/");
    assert!(
        status(&closed) == "503" && closed.ends_with("<p>our 503</p>"),
        "{closed}"
    );
    site.remove("maintenance/on");
    site.remove("web.sock");
    for line in ["GET /", "POST /"] {
        let down = site.send(line, &[HOST, "Content-Length: 0"]);
        assert_eq!(status(&down), "502", "{down}");
        assert!(down.ends_with("<p>our 502</p>"), "{down}");
    }
}
