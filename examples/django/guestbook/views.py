"""A page that says what serves it, and a form's other end."""

import os

from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.templatetags.static import static
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from .models import Entry


@require_GET
def index(request):
    migrations = MigrationRecorder(connection).applied_migrations()
    newest = max((name for app, name in migrations if app == "guestbook"), default="none")
    lines = [
        f"Howdy from {os.environ.get('DEPLOYER_RELEASE', 'not deployed')}",
        f"greeting: {os.environ.get('GREETING', 'none')}",
        f"entries: {Entry.objects.count()}",
        f"migration: {newest}",
        f"style: {static('guestbook/style.css')}",
    ]
    lines += [f"picture: {entry.picture.url}" for entry in Entry.objects.exclude(picture="")]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


# A page without cookies has no session that another site could misuse.
@csrf_exempt
@require_POST
def sign(request):
    name = request.POST.get("name", "").strip()
    if not name or len(name) > 80:
        return HttpResponseBadRequest("a name, of at most 80 characters\n", content_type="text/plain")
    Entry.objects.create(name=name, picture=request.FILES.get("picture", ""))
    return HttpResponseRedirect("/")


@require_GET
def health(request):
    """Only with its table is the release of use."""
    Entry.objects.exists()
    return HttpResponse("well\n", content_type="text/plain")
