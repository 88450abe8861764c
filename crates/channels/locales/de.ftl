# Was Farol von sich aus sagt, auf Deutsch.

incident-investigating = Wird untersucht
incident-identified = Ursache gefunden
incident-monitoring = Wird beobachtet
incident-resolved = Behoben
incident-postmortem = Nachbericht

maintenance-scheduled = Geplant
maintenance-reminder = Beginnt in Kürze
maintenance-in_progress = Läuft
maintenance-verifying = Wird geprüft
maintenance-completed = Abgeschlossen
maintenance-cancelled = Abgesagt

component-operational = betriebsbereit
component-under_maintenance = in Wartung
component-degraded_performance = eingeschränkte Leistung
component-partial_outage = Teilausfall
component-major_outage = schwerwiegender Ausfall

impact-none = Keine
impact-minor = Gering
impact-major = Erheblich
impact-critical = Kritisch

fact-impact = Auswirkung
fact-affected = Betroffen
fact-started = Beginn
fact-duration = Dauer
fact-planned = Geplant für
fact-instead = Statt
fact-repeats = Wiederholt sich
fact-since = Seit
fact-next = Nächster Schritt
fact-subscription = Abonnement
fact-reason = Grund
fact-disabled = Abschaltung

next-investigating = Die Ursache finden
next-identified = Die Störung beheben
next-monitoring = Prüfen, ob die Lösung Bestand hat

text-incident = Zu dieser Störung gibt es Neuigkeiten.
text-maintenance-scheduled = Es ist eine Wartung geplant.
text-maintenance-reminder = Diese Wartung beginnt in { $duration }.
text-maintenance-in_progress = Die Wartung hat begonnen.
text-maintenance-verifying = Die Arbeiten sind beendet; wir prüfen, ob alles funktioniert.
text-maintenance-completed = Die Wartung ist abgeschlossen.
text-maintenance-cancelled = Diese Wartung findet nicht statt.
text-maintenance-moved = Diese Wartung wurde verschoben.
text-maintenance-extended = Diese Wartung dauert länger als geplant.
text-maintenance-unannounced = Die Zeit dieser Wartung ist vorbei, und sie ist abgeschlossen. Wir konnten ihren Beginn nicht melden.
text-maintenance = Zu dieser Wartung gibt es Neuigkeiten.
text-component = Der Status hat sich von „{ $before }“ zu „{ $now }“ geändert.
text-other = Auf der Statusseite gibt es Neuigkeiten.

test-state = Test
test-title = Testnachricht
test-text = Wenn Sie dies lesen, kommen die Nachrichten von { $page } hier an. Es ist nichts passiert.

confirm-state = Bitte bestätigen
confirm-text = Jemand – vermutlich Sie – möchte unter dieser Adresse über den Status von { $page } informiert werden. Bitte bestätigen Sie, dass Sie diese Nachrichten wünschen. Falls nicht, ignorieren Sie diese Nachricht; Sie erhalten dann keine weiteren.
already-state = Bereits abonniert
already-text = Jemand – vermutlich Sie – möchte unter dieser Adresse erneut über den Status von { $page } informiert werden. Sie sind bereits angemeldet; es hat sich nichts geändert.

action-state = Handeln nötig
credential-title = Zugangsdaten abgelehnt: { $channel }
credential-text = Der Anbieter von { $channel } lehnt Zugangsdaten ab, etwa das Token eines Bots, die sich Ihre Abonnements teilen. Deren Nachrichten warten, niemand wird abgemeldet; Farol versucht es von selbst wieder, zuletzt einmal je Stunde. Erneuern Sie die Zugangsdaten beim Anbieter oder tragen Sie neue in diese Abonnements ein: Dann wird gesendet, was wartet.
failing-title = Nachrichten kommen nicht an: { $channel }
failing-text = Bei einem Abonnement über { $channel } ist seit { $since } keine Nachricht mehr angekommen. Farol versucht es weiter; kommt bis { $disabled } keine an, wird das Abonnement abgeschaltet und erhält nichts mehr. Prüfen Sie, ob sein Ziel noch besteht und Nachrichten annimmt, oder ändern Sie das Abonnement.

subscription-pending = noch nicht bestätigt
subscription-active = aktiv
subscription-paused = pausiert
subscription-disabled = abgeschaltet

leaf-confirm-title = Abonnement bestätigen
leaf-confirm-text = Nachrichten über { $page } gehen dann an { $address }.
leaf-confirm-button = Abonnement bestätigen
leaf-confirmed-title = Sie sind angemeldet
leaf-confirmed-text = Jede Nachricht enthält einen Link, um das Abonnement zu ändern oder zu beenden.
leaf-unsubscribe-text = An { $address } gehen dann keine Nachrichten über { $page } mehr.
leaf-unsubscribed-title = Sie sind abgemeldet
leaf-unsubscribed-text = Es werden keine Nachrichten mehr gesendet, und Ihre Adresse ist vergessen.
leaf-manage-title = Ihr Abonnement
leaf-manage-text = Nachrichten über { $page } gehen an { $address }. Das Abonnement ist { $state }.

digest-state =
    { $count ->
        [one] { $count } Neuigkeit
       *[other] { $count } Neuigkeiten
    }

repeats-daily =
    { $count ->
        [1] jeden Tag
       *[other] alle { $count } Tage
    }
repeats-weekly =
    { $count ->
        [1] jede Woche
       *[other] alle { $count } Wochen
    }
repeats-monthly =
    { $count ->
        [1] jeden Monat
       *[other] alle { $count } Monate
    }
repeats-yearly =
    { $count ->
        [1] jedes Jahr
       *[other] alle { $count } Jahre
    }
repeats-otherwise = regelmäßig
repeats-on = { $often }: { $days }
weekday =
    { $number ->
        [1] Montag
        [2] Dienstag
        [3] Mittwoch
        [4] Donnerstag
        [5] Freitag
        [6] Samstag
       *[7] Sonntag
    }

link-incident = Störung ansehen
link-maintenance = Wartung ansehen
link-postmortem = Nachbericht lesen
link-page = Statusseite öffnen
link-confirm = Bestätigen
link-manage = Abonnement ändern
link-unsubscribe = Abbestellen

read-on = weiterlesen: { $url }
and-more = und { $count } weitere

duration-days =
    { $count ->
        [one] { $count } Tag
       *[other] { $count } Tage
    }
duration-hours = { $count } Std.
duration-minutes = { $count } Min.
duration-moment = weniger als eine Minute

date = { $day }. { $month } { $year }
moment = { $date }, { $time } Uhr ({ $zone })
month =
    { $number ->
        [1] Januar
        [2] Februar
        [3] März
        [4] April
        [5] Mai
        [6] Juni
        [7] Juli
        [8] August
        [9] September
        [10] Oktober
        [11] November
       *[12] Dezember
    }
