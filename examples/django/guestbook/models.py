from django.db import models


class Entry(models.Model):
    name = models.CharField(max_length=80)
    picture = models.FileField(upload_to="pictures", blank=True)
