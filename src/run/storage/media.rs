//! The type that a browser is told a file has.

/// By the end of its name, as nginx of the host tells it.
pub(super) fn of(name: &str) -> &'static str {
    let end = name
        .rsplit('/')
        .next()
        .and_then(|file| file.rsplit_once('.'));
    let end = end.map_or("", |(_, end)| end).to_ascii_lowercase();
    match end.as_str() {
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" | "cjs" => "text/javascript; charset=utf-8",
        "html" | "htm" => "text/html; charset=utf-8",
        "txt" | "md" => "text/plain; charset=utf-8",
        "csv" => "text/csv; charset=utf-8",
        "ics" => "text/calendar; charset=utf-8",
        "vtt" => "text/vtt; charset=utf-8",
        "xml" => "text/xml; charset=utf-8",
        "rss" => "application/rss+xml; charset=utf-8",
        "atom" => "application/atom+xml; charset=utf-8",
        "xhtml" => "application/xhtml+xml; charset=utf-8",
        "json" | "map" => "application/json",
        "geojson" => "application/geo+json",
        "gltf" => "model/gltf+json",
        "glb" => "model/gltf-binary",
        "webmanifest" => "application/manifest+json",
        "wasm" => "application/wasm",
        "svg" | "svgz" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "ico" => "image/x-icon",
        "bmp" => "image/bmp",
        "woff2" => "font/woff2",
        "woff" => "font/woff",
        "ttf" => "font/ttf",
        "otf" => "font/otf",
        "eot" => "application/vnd.ms-fontobject",
        "mp4" | "m4v" => "video/mp4",
        "webm" => "video/webm",
        "mov" => "video/quicktime",
        "mp3" => "audio/mpeg",
        "m4a" => "audio/mp4",
        "ogg" | "oga" | "opus" => "audio/ogg",
        "wav" => "audio/wav",
        "pdf" => "application/pdf",
        "zip" => "application/zip",
        "gz" => "application/gzip",
        // A browser saves what it does not know.
        _ => "application/octet-stream",
    }
}
