# Ce que Farol dit de lui-même, en français. Les espaces avant « : » et dans les guillemets sont insécables.

incident-investigating = Enquête en cours
incident-identified = Cause identifiée
incident-monitoring = Sous surveillance
incident-resolved = Résolu
incident-postmortem = Bilan

maintenance-scheduled = Planifiée
maintenance-reminder = Bientôt
maintenance-in_progress = En cours
maintenance-verifying = Vérification en cours
maintenance-completed = Terminée
maintenance-cancelled = Annulée

component-operational = opérationnel
component-under_maintenance = en maintenance
component-degraded_performance = performances dégradées
component-partial_outage = panne partielle
component-major_outage = panne majeure

impact-none = Aucun
impact-minor = Mineur
impact-major = Majeur
impact-critical = Critique

fact-impact = Impact
fact-affected = Services touchés
fact-started = Début
fact-duration = Durée
fact-planned = Prévue
fact-instead = Au lieu de
fact-repeats = Récurrence
fact-since = Depuis
fact-next = Prochaine étape
fact-subscription = Abonnement
fact-reason = Raison
fact-disabled = Désactivation

next-investigating = Trouver la cause
next-identified = Appliquer le correctif
next-monitoring = Vérifier que le correctif tient

text-incident = Il y a du nouveau concernant cet incident.
text-maintenance-scheduled = Une maintenance est prévue.
text-maintenance-reminder = Cette maintenance commence dans { $duration }.
text-maintenance-in_progress = La maintenance a commencé.
text-maintenance-verifying = Les travaux sont terminés ; nous vérifions que tout fonctionne.
text-maintenance-completed = La maintenance est terminée.
text-maintenance-cancelled = Cette maintenance n’aura pas lieu.
text-maintenance-moved = Cette maintenance a été déplacée.
text-maintenance-extended = Cette maintenance dure plus longtemps que prévu.
text-maintenance-unannounced = Le créneau de cette maintenance est passé et elle est terminée. Nous n’avons pas pu vous prévenir de son début.
text-maintenance = Il y a du nouveau concernant cette maintenance.
text-component = L’état est passé de « { $before } » à « { $now } ».
text-other = Il y a du nouveau sur la page d’état.

test-state = Test
test-title = Message de test
test-text = Si vous lisez ceci, les messages de { $page } arrivent bien ici. Il ne s’est rien passé.

confirm-state = Veuillez confirmer
confirm-text = Quelqu’un, sans doute vous, a demandé à recevoir à cette adresse des nouvelles de l’état de { $page }. Veuillez confirmer que vous souhaitez ces messages. Si vous n’avez rien demandé, ignorez celui-ci : vous n’en recevrez pas d’autre.
already-state = Déjà abonné
already-text = Quelqu’un, sans doute vous, a redemandé à recevoir à cette adresse des nouvelles de l’état de { $page }. Vous êtes déjà abonné ; rien n’a changé.

action-state = Action requise
credential-title = Identifiants refusés : { $channel }
credential-text = Le fournisseur de { $channel } refuse des identifiants, comme le jeton d’un bot, que vos abonnements partagent. Leurs messages attendent et personne n’est désabonné ; Farol réessaie de lui-même, pour finir une fois par heure. Renouvelez les identifiants chez le fournisseur, ou mettez-en de nouveaux dans ces abonnements : ce qui attend sera alors envoyé.
failing-title = Les messages n’arrivent pas : { $channel }
failing-text = Aucun message à un abonnement par { $channel } n’est arrivé depuis le { $since }. Farol continue d’essayer ; si rien n’arrive d’ici au { $disabled }, l’abonnement est désactivé et ne reçoit plus rien. Vérifiez que sa destination existe encore et accepte les messages, ou modifiez l’abonnement.

subscription-pending = à confirmer
subscription-active = actif
subscription-paused = en pause
subscription-disabled = désactivé

leaf-confirm-title = Confirmez votre abonnement
leaf-confirm-text = Les messages sur { $page } arriveront à { $address }.
leaf-confirm-button = Confirmer l’abonnement
leaf-confirmed-title = Vous êtes abonné
leaf-confirmed-text = Chaque message contient un lien pour modifier ou arrêter l’abonnement.
leaf-unsubscribe-text = Plus aucun message sur { $page } n’arrivera à { $address }.
leaf-unsubscribed-title = Vous n’êtes plus abonné
leaf-unsubscribed-text = Plus aucun message n’est envoyé, et votre adresse est oubliée.
leaf-manage-title = Votre abonnement
leaf-manage-text = Les messages sur { $page } arrivent à { $address }. Statut de l’abonnement : { $state }.

digest-state =
    { $count ->
        [one] { $count } nouvelle
       *[other] { $count } nouvelles
    }

repeats-daily =
    { $count ->
        [1] tous les jours
       *[other] tous les { $count } jours
    }
repeats-weekly =
    { $count ->
        [1] toutes les semaines
       *[other] toutes les { $count } semaines
    }
repeats-monthly =
    { $count ->
        [1] tous les mois
       *[other] tous les { $count } mois
    }
repeats-yearly =
    { $count ->
        [1] tous les ans
       *[other] tous les { $count } ans
    }
repeats-otherwise = régulièrement
repeats-on = { $often } : { $days }
weekday =
    { $number ->
        [1] lundi
        [2] mardi
        [3] mercredi
        [4] jeudi
        [5] vendredi
        [6] samedi
       *[7] dimanche
    }

link-incident = Voir l’incident
link-maintenance = Voir la maintenance
link-postmortem = Lire le bilan
link-page = Ouvrir la page d’état
link-confirm = Confirmer
link-manage = Modifier l’abonnement
link-unsubscribe = Se désabonner

read-on = lire la suite : { $url }
and-more =
    { $count ->
        [one] et { $count } autre
       *[other] et { $count } autres
    }

duration-days =
    { $count ->
        [one] { $count } jour
       *[other] { $count } jours
    }
duration-hours = { $count } h
duration-minutes = { $count } min
duration-moment = moins d’une minute

date =
    { $day ->
        [1] 1er
       *[other] { $day }
    } { $month } { $year }
moment = { $date }, { $time } ({ $zone })
month =
    { $number ->
        [1] janvier
        [2] février
        [3] mars
        [4] avril
        [5] mai
        [6] juin
        [7] juillet
        [8] août
        [9] septembre
        [10] octobre
        [11] novembre
       *[12] décembre
    }
