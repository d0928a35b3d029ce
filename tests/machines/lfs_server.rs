//! Large files of the git server's repositories, by a server of git LFS beside it.

use std::fs;

use anyhow::Result;
use sha2::{Digest, Sha256};

use super::git_server::{GitServer, HOME};

const CONFIG: &str = "
AUTH_PROVIDERS: ['giftless.auth.allow_anon:read_only']
TRANSFER_ADAPTERS:
  basic:
    factory: giftless.transfer.basic_streaming:factory
    options:
      storage_class: giftless.storage.local_storage:LocalStorage
      storage_options: {path: /srv/lfs}
MIDDLEWARE:
  - {class: 'werkzeug.middleware.proxy_fix:ProxyFix', kwargs: {x_proto: 1, x_host: 1}}
";

/// The login is asked for where the objects are named; what that answers has keys of its own.
const LOCATIONS: &str = r#"
location ~ \.git/info/lfs/ {
    rewrite ^/(.*) /lab/$1 break;
    proxy_pass http://127.0.0.1:5000;
    proxy_set_header X-Forwarded-Proto https;
    proxy_set_header X-Forwarded-Host $host;
    proxy_set_header Authorization "";
}
location /lab/ {
    auth_basic off;
    proxy_pass http://127.0.0.1:5000;
    proxy_set_header Authorization "";
}
"#;

const START: &str = r"uv=/opt/wheels/bin/uv
$uv venv -q --python /usr/bin/python3 /opt/lfs
$uv pip install -q --python /opt/lfs/bin/python giftless flask flask-classful flask-marshmallow webargs figcan \
    python-dateutil pyyaml pyjwt typing-extensions cachetools python-dotenv gunicorn==27.0.1
systemctl restart nginx
cat > /etc/systemd/system/lfs.service << END
[Service]
Environment=GIFTLESS_CONFIG_FILE=/etc/lfs.yaml
ExecStart=/opt/lfs/bin/gunicorn -b 127.0.0.1:5000 giftless.wsgi_entrypoint:app
END
systemctl daemon-reload && systemctl start lfs
for _ in $(seq 300); do
    ! curl -s -o /dev/null http://127.0.0.1:5000/ || exit 0
    sleep 0.1
done
exit 1";

impl GitServer {
    /// Serves large files by [https](Self::serve_https), to the same user, and to whom ssh lets in.
    pub fn serve_lfs(&self, user: &str, password: &str) -> Result<()> {
        let root = self.machine().root_path();
        fs::write(root.join("etc/lfs.yaml"), CONFIG)?;
        fs::create_dir_all(root.join("etc/nginx/git.d"))?;
        fs::write(root.join("etc/nginx/git.d/lfs"), LOCATIONS)?;
        self.machine().sh(START)?;
        // What git-shell lets a login run besides git's own.
        let command = format!(
            r#"#!/bin/sh
name=${{1#{HOME}/}}
printf '{{"href": "https://{ip}/%s/info/lfs", "header": {{"Authorization": "Basic %s"}}}}' \
    "$name" "$(printf '{user}:{password}' | base64)"
"#,
            ip = self.machine().ip()
        );
        self.machine()
            .exec_input(
                &format!(
                    "mkdir -p {HOME}/git-shell-commands && cd {HOME}/git-shell-commands &&
                     cat > git-lfs-authenticate && chmod 755 git-lfs-authenticate"
                ),
                command.as_bytes(),
            )?
            .ok()
            .map(drop)
    }

    /// Takes a file in, and says what stands for it in the repository.
    pub fn store(&self, repo: &str, content: &[u8]) -> Result<String> {
        let name = format!("{:x}", Sha256::digest(content));
        let directory = self.machine().root_path().join("srv/lfs/lab").join(repo);
        fs::create_dir_all(&directory)?;
        fs::write(directory.join(&name), content)?;
        Ok(pointer(content))
    }
}

/// What git LFS commits in place of a file.
pub fn pointer(content: &[u8]) -> String {
    let (name, size) = (Sha256::digest(content), content.len());
    format!("version https://git-lfs.github.com/spec/v1\noid sha256:{name:x}\nsize {size}\n")
}
