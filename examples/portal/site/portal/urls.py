from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from portal import views

urlpatterns = [
    path("", views.front),
    path("login/", LoginView.as_view(template_name="login.html")),
    path("logout/", LogoutView.as_view()),
    path("api/v1/sse/logs/", views.logs),
    path("api/v1/sse/logs/initial", views.initial),
    path("whoami/", views.whoami),
]
