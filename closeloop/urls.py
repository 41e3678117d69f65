from __future__ import annotations

from django.urls import path

from closeloop.views import (
    follow_up,
    inbound,
    queue,
    replying,
    stray_mails,
    team,
    templates,
    trying,
    writing_rounds,
)

urlpatterns = [
    path("follow-ups/", queue.follow_ups, name="follow_ups"),
    path("follow-ups/<int:pk>/", follow_up.follow_up, name="follow_up"),
    path("follow-ups/<int:pk>/own/", follow_up.follow_up_own, name="follow_up_own"),
    path("follow-ups/<int:pk>/assign/", follow_up.follow_up_assign, name="follow_up_assign"),
    path("follow-ups/<int:pk>/note/", follow_up.follow_up_note, name="follow_up_note"),
    path("follow-ups/<int:pk>/call/", follow_up.follow_up_call, name="follow_up_call"),
    path("follow-ups/<int:pk>/reply/", follow_up.follow_up_reply, name="follow_up_reply"),
    path("follow-ups/<int:pk>/close/", follow_up.follow_up_close, name="follow_up_close"),
    path("follow-ups/<int:pk>/close/undo/", follow_up.follow_up_unclose, name="follow_up_unclose"),
    path("follow-ups/<int:pk>/reopen/", follow_up.follow_up_reopen, name="follow_up_reopen"),
    path(
        "follow-ups/<int:pk>/remove-test/",
        trying.follow_up_remove_test,
        name="follow_up_remove_test",
    ),
    path(
        "follow-ups/remove-tests/", trying.follow_ups_remove_tests, name="follow_ups_remove_tests"
    ),
    path(
        "follow-ups/<int:pk>/reply/template/",
        replying.follow_up_template,
        name="follow_up_template",
    ),
    path("follow-ups/write/", writing_rounds.writing_rounds, name="writing_rounds"),
    path("follow-ups/write/<int:pk>/", writing_rounds.writing_round, name="writing_round"),
    path("follow-ups/mail/", stray_mails.stray_mails, name="stray_mails"),
    path("follow-ups/mail/<int:pk>/file/", stray_mails.stray_mail_file, name="stray_mail_file"),
    path(
        "follow-ups/mail/<int:pk>/discard/",
        stray_mails.stray_mail_discard,
        name="stray_mail_discard",
    ),
    path("anymail/<slug:provider>/inbound/", inbound.inbound_mail, name="inbound_mail"),
    path("replies/", templates.reply_templates, name="reply_templates"),
    path("replies/new/", templates.reply_template_new, name="reply_template_new"),
    path("replies/usual/", templates.reply_templates_usual, name="reply_templates_usual"),
    path("replies/<int:pk>/", templates.reply_template, name="reply_template"),
    path("replies/<int:pk>/delete/", templates.reply_template_delete, name="reply_template_delete"),
    path("replies/automatic/<slug:category>/", templates.automatic_reply, name="automatic_reply"),
    path("team/", team.team, name="team"),
    path("team/me/", team.team_me, name="team_me"),
    path("team/members/", team.member_add, name="member_add"),
    path("team/members/<int:pk>/duty/", team.member_duty, name="member_duty"),
    path("team/share-out/", team.team_share_out, name="team_share_out"),
    path("team/causes/", team.root_cause_add, name="root_cause_add"),
    path("team/causes/usual/", team.root_causes_usual, name="root_causes_usual"),
    path("team/causes/<int:pk>/", team.root_cause_edit, name="root_cause_edit"),
    path("team/causes/<int:pk>/delete/", team.root_cause_delete, name="root_cause_delete"),
]
